//! A mail for an operator who tries where mails go: it says that they arrive, and nothing else.

use auth_domain::{
    identity::{email::Email, language::Language},
    mail::{
        message::{Mail, MailId, Template},
        origin::Origin,
    },
};
use chrono::{DateTime, Utc};
use minijinja::HtmlEscape;

use crate::render::Rendered;

/// In English, as all that is for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMail {
    pub id: MailId,
    pub to: Email,
    pub at: DateTime<Utc>,
    /// What the application is called.
    pub app_name: String,
}

impl TestMail {
    /// Its envelope. The template is never asked: the words are below.
    pub(crate) fn mail(&self) -> Mail {
        Mail {
            id: self.id,
            template: Template::AccountExists,
            to: self.to.clone(),
            language: Language::English,
            origin: Origin::default(),
            other_address: None,
            created_at: self.at,
            proof: None,
        }
    }

    pub(crate) fn words(&self) -> Rendered {
        let says =
            format!("Mails of {} arrive. This one was sent by its operator, to try that; there is nothing to do.", self.app_name);
        let html = HtmlEscape(&says);
        Rendered {
            subject: format!("Test mail of {}", self.app_name),
            html: format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Test mail</title><p>{html}</p></html>\n"
            ),
            text: format!("{says}\n"),
        }
    }
}
