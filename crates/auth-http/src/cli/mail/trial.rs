//! What an operator tries before people depend on it: a mail, and how mails look. No database is asked.

use std::path::PathBuf;

use auth_domain::{
    identity::clock::{Clock, Ids},
    mail::message::MailId,
};

use super::render::Answer;
use crate::{
    app::ports::{MailFault, SystemClock, TestMail, UuidV7, mailer, templates},
    cli::{
        command::{CommandError, block_on, parse_email, settings},
        stop::{Interrupted, Stop},
    },
    settings::MailSettings,
};

/// Sends a test mail.
///
/// # Errors
/// A fault of the configuration, or no address.
pub(super) fn test(address: &str) -> Result<Answer, CommandError> {
    let to = parse_email(address)?;
    let (mail, _until_the_end) = (mail_settings()?, Stop::listen(Interrupted::Command)?);
    let mailer = mailer(&mail).map_err(faults)?;
    let test = TestMail { id: MailId(UuidV7.next()), to: to.clone(), at: SystemClock.now(), app_name: mail.app_name };
    Ok(Answer::Tested { by: mail.transport.to_string(), delivery: block_on(mailer.test(&test)), to })
}

/// Renders every mail into a folder.
///
/// # Errors
/// A fault of the configuration, such as a broken template, or a file that cannot be written.
pub(super) fn preview(folder: PathBuf) -> Result<Answer, CommandError> {
    let templates = templates(&mail_settings()?).map_err(|fault| faults(MailFault::Templates(fault)))?;
    let told = |fault| CommandError::Told(format!("Cannot write into {}: {fault}", folder.display()));
    let files = templates.preview(&folder).map_err(told)?;
    Ok(Answer::Previewed { folder, files })
}

fn mail_settings() -> Result<MailSettings, CommandError> {
    let settings = settings()?;
    settings.mail.ok_or_else(|| CommandError::Told("No mail is sent: set MAIL_URL first (docs/mail.md).".to_owned()))
}

fn faults(fault: MailFault) -> CommandError {
    CommandError::Settings(fault.settings())
}
