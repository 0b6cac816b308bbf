//! Mail: where it goes, whom it is from, what is proven by it, and where its links lead.

use std::path::PathBuf;

use auth_domain::{identity::language::Language, mail::writer::NoticePolicy, mailbox::send::Links};
use auth_outbound::{mail_url::MailUrl, sender::Sender};
use chrono::TimeDelta;
use garde::Validate;
use url::Url;

use super::{
    public_url::{PublicUrl, is_secure},
    reader::{Reader, given},
};

/// The longest name of an application, in characters.
const APP_NAME_MAX_CHARS: usize = 100;

/// What the operator decided about mail. There is none of it without a place where mails go.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub transport: MailUrl,
    pub from: Sender,
    /// How people's browsers reach this server.
    pub public_url: String,
    /// What the application is called in mails and on pages.
    pub app_name: String,
    /// Where templates are that replace the built-in ones. It is not opened here.
    pub templates_dir: Option<PathBuf>,
    /// Of mails to people whose language is not known.
    pub language: Language,
    pub verification: EmailVerification,
    /// How long a proof of verification or of a change of address is good.
    pub verify_life: TimeDelta,
    pub reset_life: TimeDelta,
    pub links: Links,
    pub notices: NoticePolicy,
}

/// Whether an address has to be proven before there is an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailVerification {
    Optional,
    Required,
}

const VERIFICATION: [(&str, EmailVerification); 2] =
    [("optional", EmailVerification::Optional), ("required", EmailVerification::Required)];

/// What has to be set beside `MAIL_URL`.
#[derive(Validate)]
struct MailNeeds {
    #[garde(custom(given(NO_SENDER)))]
    mail_from: Option<String>,
    #[garde(custom(given(NO_URL)))]
    public_url: Option<String>,
}

const NO_URL: &str = "is required with MAIL_URL: the links in mails are built on it, such as https://auth.example.org";

const NO_SENDER: &str = "is required with MAIL_URL: whom mails are from, such as Example <no-reply@example.org>";

impl MailSettings {
    /// Reads the variables of mail. `Some(None)` is no mail, `None` a fault; faults of the rest are told without `MAIL_URL` as well.
    pub(super) fn read(reader: &mut Reader<'_>, public_url: Option<&PublicUrl>) -> Option<Option<Self>> {
        let languages = Language::ALL.map(|language| (language.tag(), language));
        let language = reader.choice("MAIL_LANGUAGE", &languages).unwrap_or(Language::English);
        let verification = reader.choice("EMAIL_VERIFICATION", &VERIFICATION).unwrap_or(EmailVerification::Optional);
        let verify_life = TimeDelta::hours(reader.number("VERIFY_EXPIRE_HOURS", 24, 1..=168));
        let reset_life = TimeDelta::minutes(reader.number("RESET_EXPIRE_MINUTES", 30, 5..=1440));
        let notices = [("true", NoticePolicy::All), ("false", NoticePolicy::AddressOnly)];
        let notices = reader.choice("SECURITY_NOTICES", &notices).unwrap_or(NoticePolicy::All);
        let app_name = reader.checked("MAIL_APP_NAME", app_name);
        let from = reader.checked("MAIL_FROM", |text| text.parse::<Sender>().map_err(|rule| rule.to_string()));
        let links = OwnLinks::read(reader);
        let templates_dir = reader.text("MAIL_TEMPLATES_DIR").map(PathBuf::from);
        let Some(transport) = reader.optional_parsed("MAIL_URL")? else { return Some(None) };
        // As they are written: a value that breaks its rule has been told of already.
        reader.check(&MailNeeds { mail_from: reader.text("MAIL_FROM"), public_url: reader.text("PUBLIC_URL") });
        let public_url = public_url?;
        Some(Some(Self {
            transport,
            from: from?,
            public_url: public_url.join(""),
            app_name: app_name.unwrap_or_else(|| public_url.host().to_owned()),
            templates_dir,
            language,
            verification,
            verify_life,
            reset_life,
            links: links.or_pages_of(public_url),
            notices,
        }))
    }
}

/// Links to pages of the operator's own.
struct OwnLinks {
    verify: Option<String>,
    reset: Option<String>,
    email: Option<String>,
    undo: Option<String>,
}

impl OwnLinks {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            verify: reader.checked("LINK_VERIFY", link),
            reset: reader.checked("LINK_RESET", link),
            email: reader.checked("LINK_EMAIL", link),
            undo: reader.checked("LINK_UNDO", link),
        }
    }

    fn or_pages_of(self, public_url: &PublicUrl) -> Links {
        let or_page = |own: Option<String>, page: &str| own.unwrap_or_else(|| public_url.join(page));
        Links {
            verify: or_page(self.verify, "/pages/verify"),
            reset: or_page(self.reset, "/pages/reset"),
            email: or_page(self.email, "/pages/email"),
            undo: or_page(self.undo, "/pages/undo"),
        }
    }
}

/// Schemes whose URLs run code or show what is no page of anybody, and those that browsers have for other ends.
const NO_APP: [&str; 11] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "view-source", "ws", "wss"];

/// Where a link leads, as mails have it.
fn link(text: &str) -> Result<String, String> {
    let rule = "must be https://…, http:// for a loopback host, or an app's scheme such as myapp://verify; without a fragment, \
                to which the token is appended, and without a user";
    let is_plain = !text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '#');
    match Url::parse(text) {
        Ok(url) if is_plain && leads_to_a_page(&url) => Ok(url.into()),
        Ok(_) | Err(_) => Err(rule.to_owned()),
    }
}

fn leads_to_a_page(url: &Url) -> bool {
    let is_open = url.username().is_empty() && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https");
    is_open && (is_secure(url) || !(is_web || NO_APP.contains(&url.scheme())))
}

fn app_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > APP_NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(format!("must have 1 to {APP_NAME_MAX_CHARS} characters and no control character"));
    }
    Ok(name.to_owned())
}
