//! Passkeys: for which relying party, and on which pages (WebAuthn Level 3 section 5.1.3).

use auth_domain::identity::host::is_loopback;
use garde::Validate;
use url::{Host, Url};

use super::{
    http::origin,
    public_url::{PublicUrl, is_secure},
    reader::{Reader, given, holds},
};

/// What the operator decided about passkeys. There are none without a domain to bind them to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySettings {
    /// The RP ID: a domain. A passkey works on its pages and on those of domains below it.
    pub rp_id: String,
    /// Where a browser or an app may show one.
    pub origins: Vec<String>,
}

/// What has to be set beside `WEBAUTHN_RP_ID` or `WEBAUTHN_ORIGINS`.
#[derive(Validate)]
struct PasskeyNeeds {
    #[garde(custom(given(NO_RP_ID)))]
    webauthn_rp_id: Option<String>,
    #[garde(custom(given(NO_ORIGINS)))]
    webauthn_origins: Option<String>,
}

const NO_RP_ID: &str = "is required with WEBAUTHN_ORIGINS where PUBLIC_URL names no domain: a domain such as example.org";

const NO_ORIGINS: &str =
    "is required with WEBAUTHN_RP_ID where PUBLIC_URL is unset: the pages that show passkeys, such as https://app.example.org";

/// Browsers show passkeys on pages that nobody between can change.
#[derive(Validate)]
struct SecurePages {
    #[garde(custom(holds(INSECURE)))]
    webauthn_origins: bool,
}

const INSECURE: &str = "must be https:// unless WEBAUTHN_RP_ID is a loopback host such as localhost";

/// How Android names an app in the place of an origin: SHA-256 of its certificate, in base64url.
const ANDROID: &str = "android:apk-key-hash:";

impl PasskeySettings {
    /// Reads the variables of passkeys. `None` where there are none, or a fault was told.
    pub(super) fn read(reader: &mut Reader<'_>, public_url: Option<&PublicUrl>, allowed: &[String]) -> Option<Self> {
        let own = reader.checked("WEBAUTHN_RP_ID", rp_id);
        let listed = reader.list("WEBAUTHN_ORIGINS", page);
        // Where it names an address, there is none.
        let of_url = public_url.and_then(|url| rp_id(url.host()).into_iter().next());
        let is_told = reader.text("WEBAUTHN_RP_ID").is_some() || !listed.is_empty();
        if is_told {
            let known_id = reader.text("WEBAUTHN_RP_ID").or_else(|| of_url.clone());
            let known_pages = reader.text("WEBAUTHN_ORIGINS").or_else(|| public_url.map(PublicUrl::to_string));
            reader.check(&PasskeyNeeds { webauthn_rp_id: known_id, webauthn_origins: known_pages });
        }
        let rp_id = own.or(of_url)?;
        let origins = if listed.is_empty() { usual_origins(&rp_id, public_url?, allowed) } else { listed };
        if !is_loopback(&rp_id) && origins.iter().any(|origin| origin.starts_with("http://")) {
            reader.check(&SecurePages { webauthn_origins: false });
            return None;
        }
        Some(Self { rp_id, origins })
    }
}

impl PasskeySettings {
    /// Pages that do not belong to the RP ID: there a browser asks the RP ID's own host whether they may show its passkeys (WebAuthn
    /// Level 3 section 5.11).
    pub fn related_origins(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(String::as_str).filter(|origin| !origin.starts_with(ANDROID) && !belongs_to(origin, &self.rp_id))
    }
}

/// The origin of this server, and those of other pages that belong to the relying party.
fn usual_origins(rp_id: &str, public_url: &PublicUrl, allowed: &[String]) -> Vec<String> {
    let own = public_url.origin().to_owned();
    let belong = |origin: &&String| **origin != own && belongs_to(origin, rp_id);
    let others: Vec<_> = allowed.iter().filter(belong).cloned().collect();
    [own].into_iter().chain(others).collect()
}

/// Whether a page may use the RP ID: it is the page's domain, or one above it, and the page is a secure context.
fn belongs_to(origin: &str, rp_id: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    let is_within = |host: &str| host.strip_suffix(rp_id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_secure(&url) && url.host_str().is_some_and(is_within)
}

/// A domain in its one spelling, as URLs have it.
fn rp_id(text: &str) -> Result<String, String> {
    let rule = "must be a domain such as example.org or localhost: no address, scheme, port or path";
    match Host::parse(text) {
        Ok(Host::Domain(domain)) if domain == text.to_ascii_lowercase() && !domain.ends_with('.') => Ok(domain),
        Ok(_) | Err(_) => Err(rule.to_owned()),
    }
}

/// An origin as client data has it (WebAuthn Level 3 section 5.8.1).
fn page(text: &str) -> Result<String, String> {
    let rule = format!("`{text}` must be https://host[:port], http:// for a loopback host, or {ANDROID}…");
    if let Some(hash) = text.strip_prefix(ANDROID) {
        let is_hash = hash.len() == 43 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        return if is_hash { Ok(text.to_owned()) } else { Err(rule) };
    }
    let origin = origin(text).map_err(|_rule| rule.clone())?;
    let is_page = Url::parse(&origin).is_ok_and(|url| is_secure(&url));
    if is_page { Ok(origin) } else { Err(rule) }
}
