//! Whether mails can be handed over, and whether they lead people anywhere.

use std::{fmt::Display, time::Duration};

use auth_domain::identity::host::is_loopback;
use tokio::time::timeout;
use url::Url;

use super::{CommandError, finding::Finding};
use crate::{
    app::ports::{Database, MailFault, mailer},
    cli::command::block_on,
    settings::{EmailVerification, HttpSettings, MailSettings, Settings},
};

const TOPIC: &str = "mail";

/// How long the mail server has. Whoever checks before each start must not wait for one that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Domains that nobody has (RFC 2606): those of examples.
const NOBODYS: [&str; 4] = ["example", "invalid", "localhost", "test"];

/// What the settings say by themselves.
pub(crate) fn of_mail(settings: &Settings) -> Vec<Finding> {
    let (Some(mail), Some(url)) = (&settings.mail, &settings.http.public_url) else {
        return vec![Finding::fine(TOPIC, "none is sent: MAIL_URL is unset, so a forgotten password needs `auth-server users`")];
    };
    let (goes_out, is_local) = (!mail.transport.is_folder(), is_loopback(url.host()));
    let mut findings = Vec::new();
    if goes_out && is_local {
        findings.push(Finding::mind(
            TOPIC,
            format!("links in mails lead to {url} (PUBLIC_URL), which is nowhere for other machines"),
        ));
    }
    if goes_out && is_nobodys(mail.from.domain()) {
        findings.push(Finding::mind(TOPIC, format!("mails are from {} (MAIL_FROM), an address of examples", mail.from)));
    }
    if !goes_out && !is_local {
        findings.push(Finding::mind(TOPIC, format!("mails go to {} (MAIL_URL) and reach nobody", mail.transport)));
    }
    if let Some(folder) = &mail.templates_dir {
        findings.push(Finding::fine("templates", format!("those of {} (MAIL_TEMPLATES_DIR) can be rendered", folder.display())));
    }
    findings.extend(of_links(mail, &settings.http, url.origin()));
    findings
}

/// Pages of the operator's own call this server from their own origin.
fn of_links<'a>(mail: &'a MailSettings, http: &'a HttpSettings, own: &'a str) -> impl Iterator<Item = Finding> + 'a {
    let links = &mail.links;
    let links =
        [("LINK_VERIFY", &links.verify), ("LINK_RESET", &links.reset), ("LINK_EMAIL", &links.email), ("LINK_UNDO", &links.undo)];
    links.into_iter().filter_map(move |(variable, link)| {
        let origin = Url::parse(link).into_iter().find(|url| matches!(url.scheme(), "http" | "https"))?.origin();
        let origin = origin.ascii_serialization();
        let may_call = origin == own || http.allowed_origins.contains(&origin);
        let told = || format!("{variable} leads to a page of {origin}, which may not call this server: ALLOWED_ORIGINS lacks it");
        (!may_call).then(|| Finding::mind("links", told()))
    })
}

fn is_nobodys(domain: &str) -> bool {
    let last = |count| domain.rsplitn(count + 1, '.').take(count).collect::<Vec<_>>();
    last(1).iter().any(|word| NOBODYS.contains(word)) || last(2).get(1) == Some(&"example")
}

/// Connects and logs in.
///
/// # Errors
/// There is no certificate to trust, or a template is broken; the settings have been checked for both.
pub(crate) fn of_mail_server(settings: &Settings) -> Result<Option<Finding>, CommandError> {
    let Some(mail) = &settings.mail else { return Ok(None) };
    let mailer = mailer(mail).map_err(|fault| CommandError::Settings(MailFault::settings(fault)))?;
    let probed = block_on(async { timeout(PATIENCE, mailer.probe()).await });
    Ok(Some(of_probe(&mail.transport.to_string(), probed.map(|probed| probed.map_err(|fault| fault.to_string())))))
}

/// What came of looking at the mail server, if it came in time.
fn of_probe<E>(whereto: &str, probed: Result<Result<impl Display, String>, E>) -> Finding {
    let fault = match probed {
        Ok(Ok(offer)) => return Finding::fine(TOPIC, format!("{whereto}: {offer}")),
        Ok(Err(fault)) => fault,
        Err(_elapsed) => format!("it has not answered within {} seconds", PATIENCE.as_secs()),
    };
    Finding::mind(TOPIC, format!("{whereto} takes no mail: {fault}. Until it does, mails wait"))
}

/// Whom a server that demands verified addresses keeps out.
///
/// # Errors
/// The database does not answer.
pub(crate) fn of_unverified(database: &Database, settings: &Settings) -> Result<Option<Finding>, CommandError> {
    let demanded = settings.mail.as_ref().is_some_and(|mail| mail.verification == EmailVerification::Required);
    if !demanded {
        return Ok(None);
    }
    let topic = "verification";
    Ok(Some(match database.unverified_accounts()? {
        0 => Finding::fine(topic, "every account has proven its address"),
        many => Finding::mind(
            topic,
            format!(
                "{many} account(s) cannot log in before they have proven their address (EMAIL_VERIFICATION=required): their next \
                 login sends a mail, and `auth-server users verify` vouches for one"
            ),
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read;

    fn minded(more: &[(&str, &str)]) -> Vec<String> {
        let usual = [
            ("MAIL_URL", "smtp://user:hush-hush@mail.example.net"),
            ("MAIL_FROM", "Acme <no-reply@acme.com>"),
            ("PUBLIC_URL", "https://auth.acme.com"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let variables: Vec<_> = kept.chain(more.iter().copied()).collect();
        let findings = of_mail(&read(&variables).unwrap());
        findings.iter().filter(|finding| !finding.is_fine()).map(|finding| finding.shown(false).to_string()).collect()
    }

    fn minds(more: &[(&str, &str)], expected: &[&str]) {
        let told = minded(more);
        assert_eq!(told.len(), expected.len(), "{more:?}: {told:?}");
        for (told, word) in told.iter().zip(expected) {
            assert!(told.contains(word) && !told.contains("hush"), "{more:?}: {told}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_worth_a_thought() {
        minds(&[], &[]);
        minds(&[("PUBLIC_URL", "http://localhost:8000")], &["nowhere for other machines"]);
        minds(&[("PUBLIC_URL", "http://localhost:8000"), ("MAIL_URL", "file:mail"), ("MAIL_FROM", "a@example.org")], &[]);
        minds(&[("MAIL_URL", "file:mail")], &["reach nobody"]);
        for from in ["no-reply@example.org", "no-reply@mail.example.com", "no-reply@acme.test", "no-reply@acme.example"] {
            minds(&[("MAIL_FROM", from)], &[from]);
        }
        minds(&[("MAIL_FROM", "no-reply@example.acme.com")], &[]);
        assert!(of_mail(&read(&[]).unwrap()).iter().all(Finding::is_fine));
    }

    #[test]
    fn a_mail_server_that_hangs_is_not_waited_for() {
        let shown = |probed: Result<Result<&str, String>, ()>| of_probe("smtp://mail:587", probed).shown(false).to_string();
        assert_eq!(shown(Ok(Ok("TLS 1.3"))), "✓ mail           smtp://mail:587: TLS 1.3");
        assert!(shown(Ok(Err("no STARTTLS".to_owned()))).contains("takes no mail: no STARTTLS. Until it does, mails wait"));
        assert!(shown(Err(())).contains("it has not answered within 10 seconds"));
    }

    #[test]
    fn a_page_elsewhere_has_to_be_allowed_to_call() {
        let reset = ("LINK_RESET", "https://app.acme.com/reset");
        minds(&[reset, ("LINK_UNDO", "acme://undo")], &["LINK_RESET leads to a page of https://app.acme.com"]);
        minds(&[reset, ("ALLOWED_ORIGINS", "https://app.acme.com")], &[]);
        minds(&[("LINK_RESET", "https://auth.acme.com/reset")], &[]);
    }
}
