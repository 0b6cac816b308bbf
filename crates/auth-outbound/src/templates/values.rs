//! What a mail has to say, as its templates get it: every value is a text, empty where there is nothing to say. An `Option` would
//! be printed as `None`.

use auth_domain::{
    identity::language::Language,
    mail::{
        agent::{Browser, System},
        message::{Mail, Template},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};

use super::{Branding, Part, time::in_words};

/// What templates may say of one mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Values {
    pub(super) address: String,
    pub(super) new_address: String,
    pub(super) link: String,
    pub(super) code: String,
    pub(super) expires: String,
    pub(super) time: String,
    pub(super) network: String,
    pub(super) browser: String,
    pub(super) system: String,
}

impl Values {
    /// The variables of every template.
    pub(super) const NAMES: [&str; 14] = [
        "app",
        "public_url",
        "language",
        "template",
        "part",
        "address",
        "new_address",
        "link",
        "code",
        "expires",
        "time",
        "network",
        "browser",
        "system",
    ];

    pub(super) fn of(mail: &Mail) -> Self {
        let (proof, origin) = (mail.proof.as_ref(), mail.origin);
        Self {
            address: mail.to.to_string(),
            new_address: mail.other_address.as_ref().map(ToString::to_string).unwrap_or_default(),
            link: proof.map(|proof| proof.link.clone()).unwrap_or_default(),
            code: proof.and_then(|proof| proof.code.clone()).unwrap_or_default(),
            expires: proof.map(|proof| in_words(proof.expires_at, mail.language)).unwrap_or_default(),
            time: in_words(mail.created_at, mail.language),
            network: origin.network.map(|network| network.to_string()).unwrap_or_default(),
            browser: origin.browser.map_or("", Browser::name).to_owned(),
            system: origin.system.map_or("", System::name).to_owned(),
        }
    }

    pub(super) fn context(&self, branding: &Branding, template: Template, language: Language, part: Part) -> Value {
        let Self { address, new_address, link, code, expires, time, network, browser, system } = self;
        context! {
            app => branding.app_name.as_str(),
            public_url => branding.public_url.as_str(),
            language => language.tag(),
            template => template.name(),
            part => part.extension(),
            address => address.as_str(),
            new_address => new_address.as_str(),
            link => link.as_str(),
            code => code.as_str(),
            expires => expires.as_str(),
            time => time.as_str(),
            network => network.as_str(),
            browser => browser.as_str(),
            system => system.as_str(),
        }
    }

    /// A mail that never was, with everything that one of its kind has.
    pub(super) fn sample(template: Template, language: Language) -> Self {
        let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_454);
        let (page, has_code, life) = match template {
            Template::Verify => ("verify", true, TimeDelta::hours(24)),
            Template::Change => ("email", true, TimeDelta::hours(24)),
            Template::Reset | Template::Invitation => ("reset", true, TimeDelta::minutes(30)),
            Template::PasswordChanged
            | Template::EmailChangeRequested
            | Template::EmailChanged
            | Template::NewNetwork
            | Template::FactorAdded
            | Template::FactorRemoved
            | Template::PasskeyAdded
            | Template::PasskeyRemoved
            | Template::RecoveryCodeUsed
            | Template::RecoveryCodesReplaced
            | Template::FactorsReset
            | Template::PasskeyCloned => ("undo", false, TimeDelta::hours(72)),
            Template::AccountExists | Template::AccountDeleted => ("", false, TimeDelta::zero()),
        };
        let speaks_of_another = matches!(template, Template::EmailChangeRequested | Template::EmailChanged);
        let or_none = |is_there: bool, text: String| if is_there { text } else { String::new() };
        let link = format!(
            "https://auth.example.org/pages/{page}#token=AZrp2m7QdHa1c0Xv3kJmNwS9uTQyFb8LhEoRi6gKxPzVtYdMsCnAqWjU5f4e2B1D"
        );
        Self {
            address: "ann@example.org".to_owned(),
            new_address: or_none(speaks_of_another, "ann@example.net".to_owned()),
            link: or_none(!page.is_empty(), link),
            code: or_none(has_code, "04817263".to_owned()),
            expires: or_none(!page.is_empty(), in_words(at + life, language)),
            time: in_words(at, language),
            network: "203.0.113.0/24".to_owned(),
            browser: Browser::Firefox.name().to_owned(),
            system: System::Linux.name().to_owned(),
        }
    }

    /// The same, without what a mail need not have.
    pub(super) fn bare(self) -> Self {
        Self { address: self.address, time: self.time, ..Self::default() }
    }
}
