//! Mail servers in every mood. The six traps of lettre (docs/decisions.md) have a test each.

mod fake;
mod traps;

use std::sync::atomic::{AtomicUsize, Ordering};

use auth_domain::mail::ports::Delivery;

use self::fake::{Fake, Say, obliging, say};
use super::*;
use crate::{mail_url::Security, message::tests::letter_to};

/// Long enough for a busy machine: what is awaited in vain takes as long.
const SHORT: Duration = Duration::from_secs(3);

fn smtp(fake: &Fake) -> Smtp {
    let smtp = Smtp::new(&fake.server(), "auth.example.org").unwrap();
    Smtp { dial: Dial { step: SHORT, ..smtp.dial }, accept: SHORT, kept: smtp.kept }
}

async fn sent(smtp: &Smtp) -> Delivery {
    smtp.deliver(&letter_to("ann@example.org")).await
}

fn is_away(delivery: &Delivery, said: &str) -> bool {
    matches!(delivery, Delivery::Later { why, server_is_away: true } if why.contains(said))
}

fn refused(why: &str) -> Delivery {
    Delivery::Refused { why: why.to_owned() }
}

/// A server that says something else than yes to one command.
async fn moody(security: Security, to: &'static str, reply: impl Fn() -> Say + Send + Sync + 'static) -> Fake {
    Fake::start(
        security,
        move |_, heard| if heard.starts_with(to) && heard.len() >= to.len() { reply() } else { obliging(heard) },
    )
    .await
}

#[tokio::test]
async fn a_mail_is_handed_over_by_tls_at_once_and_by_starttls_and_a_connection_is_kept() {
    for security in [Security::Tls, Security::StartTls, Security::Off] {
        let fake = Fake::start(security, |_, heard| obliging(heard)).await;
        let smtp = smtp(&fake);
        assert_eq!((sent(&smtp).await, sent(&smtp).await), (Delivery::Accepted, Delivery::Accepted), "{security:?}");
        smtp.hang_up().await;
        let heard = fake.heard();
        assert!(heard.iter().all(|(connection, _)| *connection == 0), "{security:?}");
        let login = heard.iter().filter(|(_, line)| line == "AUTH PLAIN AGFubgBzM2NyZXQ=").count();
        assert_eq!(login, usize::from(security != Security::Off));
        let talk = fake.commands(0).join(" ");
        assert!(talk.ends_with("MAIL RCPT DATA . MAIL RCPT DATA . QUIT"), "{talk}");
        assert_eq!(fake.messages().len(), 2);
        assert!(fake.messages()[0].contains("\r\n..\r\n... zwei Punkte\r\n"), "dots are doubled: {}", fake.messages()[0]);
    }
}

#[tokio::test]
async fn a_code_says_whether_to_try_again() {
    for command in ["MAIL", "RCPT", "DATA", "."] {
        let later = |why: &str, server_is_away| Delivery::Later { why: why.to_owned(), server_is_away };
        for (reply, outcome) in [
            ("451 4.7.1 Greylisted", later("451 4.7.1 Greylisted", false)),
            ("452 4.2.2 Mailbox full", later("452 4.2.2 Mailbox full", false)),
            ("421 4.3.2 Going down", later("421 4.3.2 Going down", true)),
            ("550 5.1.1 No such user", refused("550 5.1.1 No such user")),
            ("552 5.2.2 Mailbox full", refused("552 5.2.2 Mailbox full")),
            ("554-5.7.1 No\r\n554 5.7.1 spam", refused("554 5.7.1 No spam")),
        ] {
            let fake = moody(Security::Off, command, move || say(reply)).await;
            assert_eq!(sent(&smtp(&fake)).await, outcome, "{command}");
        }
    }
}

#[tokio::test]
async fn a_refused_mail_ends_its_connection_and_the_next_one_goes() {
    let fake =
        Fake::start(
            Security::Tls,
            |_, heard| if heard.contains("nobody@") { say("550 5.1.1 No such user") } else { obliging(heard) },
        )
        .await;
    let smtp = smtp(&fake);
    assert_eq!(smtp.deliver(&letter_to("nobody@example.org")).await, refused("550 5.1.1 No such user"));
    assert_eq!(sent(&smtp).await, Delivery::Accepted);
    assert_eq!(fake.commands(0).last().unwrap(), "QUIT");
    assert_eq!(fake.commands(1).last().unwrap(), ".");
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_costs_no_mail_its_attempt() {
    let closed = Fake::start(Security::Off, |connection, heard| {
        if (connection, heard) == (0, ".") { say("250 ok\r\n421 4.4.2 idle") } else { obliging(heard) }
    })
    .await;
    let begun = AtomicUsize::new(0);
    let cut = Fake::start(Security::Off, move |_, heard| {
        let is_second = heard.starts_with("MAIL") && begun.fetch_add(1, Ordering::Relaxed) == 1;
        if is_second { Say::HangUp } else { obliging(heard) }
    })
    .await;
    for fake in [closed, cut] {
        let smtp = smtp(&fake);
        assert_eq!((sent(&smtp).await, sent(&smtp).await), (Delivery::Accepted, Delivery::Accepted));
        assert_eq!((fake.messages().len(), fake.commands(1).last().map(String::as_str)), (2, Some(".")));
    }
}

#[tokio::test]
async fn a_line_that_is_cut_after_the_message_means_another_attempt() {
    let fake = Fake::start(
        Security::Off,
        |connection, heard| if (connection, heard) == (0, ".") { Say::HangUp } else { obliging(heard) },
    )
    .await;
    let smtp = smtp(&fake);
    assert!(is_away(&sent(&smtp).await, ""));
    assert_eq!(sent(&smtp).await, Delivery::Accepted);
    let id = |message: &String| message.lines().find(|line| line.starts_with("Message-ID: ")).map(str::to_owned);
    let ids: Vec<_> = fake.messages().iter().filter_map(id).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "repeats can be told: {ids:?}");
}

#[tokio::test]
async fn who_cannot_prove_who_they_are_gets_no_login() {
    let stranger = Fake::start_as("mail.example.net", Security::Tls, |_, heard| obliging(heard)).await;
    assert!(is_away(&sent(&smtp(&stranger)).await, "TLS: "));
    let (fake, other) = (
        Fake::start(Security::StartTls, |_, heard| obliging(heard)).await,
        Fake::start(Security::Off, |_, heard| obliging(heard)).await,
    );
    let foreign = MailServer { ca: stranger.server().ca, ..fake.server() };
    assert!(is_away(&sent(&Smtp::new(&foreign, "auth.example.org").unwrap()).await, "TLS: "));
    let in_clear =
        MailServer { security: Security::StartTls, ca: fake.server().ca, login: fake.server().login, ..other.server() };
    drop(sent(&Smtp::new(&in_clear, "auth.example.org").unwrap()).await);
    for server in [stranger, fake, other] {
        assert!(
            server.heard().iter().all(|(_, line)| !line.starts_with("AUTH") && !line.starts_with("MAIL")),
            "{:?}",
            server.heard()
        );
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let fake = moody(Security::StartTls, "EHLO", || say("250-fake\r\n250 AUTH PLAIN")).await;
    assert!(is_away(&sent(&smtp(&fake)).await, "does not offer STARTTLS"));
    let refusing = moody(Security::StartTls, "STARTTLS", || say("454 4.7.0 TLS not available")).await;
    assert!(is_away(&sent(&smtp(&refusing)).await, "454 4.7.0 TLS not available"));
    assert!(fake.commands(0) == ["EHLO"] && refusing.commands(0) == ["EHLO", "STARTTLS"]);
}

#[tokio::test]
async fn nothing_that_a_server_says_is_too_much() {
    let banner = || Say::Text(format!("220 {}\r\n", "x".repeat(500_000)));
    for security in [Security::Off, Security::Tls, Security::StartTls] {
        assert!(is_away(&sent(&smtp(&moody(security, "", banner).await)).await, ""), "{security:?}");
    }
    let endless = moody(Security::Off, "RCPT", || Say::Text("250-more\r\n".repeat(50_000))).await;
    assert!(is_away(&sent(&smtp(&endless)).await, ""));
    let long = moody(Security::Off, "RCPT", || Say::Text(format!("550 \u{1b}[31m{}\r\n", "x".repeat(900)))).await;
    let Delivery::Refused { why } = sent(&smtp(&long)).await else { panic!("550 is no yes") };
    assert!(why.starts_with("550 [31mxxx") && why.len() == 400, "{why}");
    for nonsense in ["HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "220\r\n", "220-a\r\n250 b\r\n", "999 x\r\n", "220 x\n220 y\r\n"]
    {
        let other = moody(Security::StartTls, "", move || Say::Text(nonsense.to_owned())).await;
        assert!(matches!(sent(&smtp(&other)).await, Delivery::Later { server_is_away: true, .. }), "{nonsense:?}");
    }
}

#[tokio::test]
async fn the_code_counts_in_whatever_letters_its_reason_is() {
    let fake =
        Fake::start(
            Security::Off,
            |_, heard| if heard.starts_with("RCPT") { say("550 Empfänger unbekannt") } else { obliging(heard) },
        )
        .await;
    assert_eq!(sent(&smtp(&fake)).await, refused("550 Empf??nger unbekannt"));
}

#[tokio::test]
async fn a_server_that_repeats_the_login_is_not_quoted() {
    for reply in ["535 5.7.8 AGFubgBzM2NyZXQ= is wrong", "501 s3cret", "535 no such user: ann", "5nonsense AGFubgBzM2NyZXQ="] {
        let fake = moody(Security::Tls, "AUTH", move || say(reply)).await;
        let Delivery::Later { why, server_is_away: true } = sent(&smtp(&fake)).await else { panic!("{reply}") };
        assert!(!why.contains("s3cret") && !why.contains("AGFu") && !why.contains("ann"), "{why}");
        let told = smtp(&fake).probe().await.unwrap_err();
        assert!(!told.contains("s3cret") && !told.contains("AGFu"), "{told}");
    }
}

#[tokio::test]
async fn a_probe_says_what_the_server_offers_and_sends_nothing() {
    let fake = Fake::start(Security::StartTls, |_, heard| obliging(heard)).await;
    let offer = smtp(&fake).probe().await.unwrap();
    assert_eq!(offer.to_string(), "TLS 1.3, logged in, AUTH PLAIN LOGIN, SMTPUTF8, SIZE 10485760");
    assert_eq!(fake.commands(0), ["EHLO", "STARTTLS", "EHLO", "AUTH", "EHLO", "QUIT"]);
    let plain = moody(Security::Off, "EHLO", || say("250 fake")).await;
    assert_eq!(smtp(&plain).probe().await.unwrap().to_string(), "in clear, without login, no SMTPUTF8");
}

#[tokio::test]
async fn where_nobody_listens_the_server_is_away() {
    let fake = Fake::start(Security::Off, |_, heard| obliging(heard)).await;
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = Smtp::new(&MailServer { port: unused, ..fake.server() }, "auth.example.org").unwrap();
    assert!(is_away(&sent(&nobody).await, ""));
    assert!(nobody.probe().await.is_err());
    let elsewhere = MailServer { host: "192.0.2.1".to_owned(), ..fake.server() };
    let told = Smtp::new(&elsewhere, "auth.example.org").unwrap().probe().await.unwrap_err();
    assert!(told.contains("no address that may be used"), "in clear only to this machine: {told}");
}
