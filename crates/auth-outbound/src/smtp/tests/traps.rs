//! What lettre, or a server, would get wrong: silence, replies that come late, and replies to something else.

use std::sync::Arc;

use tokio::{join, select, sync::Notify};

use super::*;

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_at_every_step() {
    let silent_at = |step: &'static str| async move {
        let fake = Fake::start(Security::StartTls, move |connection, heard| {
            let is_it = if step.is_empty() { heard.is_empty() } else { heard.starts_with(step) };
            if connection == 0 && is_it { Say::Nothing } else { obliging(heard) }
        })
        .await;
        let smtp = smtp(&fake);
        let given_up = sent(&smtp).await;
        assert!(is_away(&given_up, "no answer within 3 s"), "{step}: {given_up:?}");
        assert_eq!(sent(&smtp).await, Delivery::Accepted, "by another connection: {step}");
        assert_eq!(fake.commands(1).last().unwrap(), ".");
    };
    join!(silent_at(""), silent_at("EHLO"), silent_at("STARTTLS"), silent_at("AUTH"));
    join!(silent_at("MAIL"), silent_at("RCPT"), silent_at("DATA"), silent_at("."));
}

#[tokio::test]
async fn a_server_that_never_begins_tls_is_given_up() {
    // It waits for a line, and TLS has none.
    let fake = Fake::start(Security::Off, |_, _| Say::Nothing).await;
    let certificate = Fake::start(Security::Tls, |_, heard| obliging(heard)).await;
    let server = MailServer { security: Security::Tls, ca: certificate.server().ca, ..fake.server() };
    let smtp = Smtp::new(&server, "auth.example.org").unwrap();
    let smtp = Smtp { dial: Dial { step: SHORT, ..smtp.dial }, ..smtp };
    assert!(is_away(&sent(&smtp).await, "no answer within 3 s"));
}

#[tokio::test]
async fn a_mail_that_is_given_up_takes_its_connection_and_its_late_reply_along() {
    let (has_it, may_answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (has, may) = (has_it.clone(), may_answer.clone());
    let fake = Fake::start(Security::Off, move |connection, heard| match (connection, heard) {
        (0, ".") => {
            has.notify_one();
            Say::Late(may.clone(), "250 late but accepted\r\n".to_owned())
        }
        (_, ".") => say("550 5.7.1 refused"),
        _ => obliging(heard),
    })
    .await;
    let smtp = smtp(&fake);
    select! {
        told = sent(&smtp) => panic!("{told:?}"),
        () = has_it.notified() => may_answer.notify_one(),
    }
    assert_eq!(sent(&smtp).await, refused("550 5.7.1 refused"), "the answer to this mail, and to no other");
    assert_eq!(fake.commands(1), ["EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"]);
}

#[tokio::test]
async fn a_reply_that_asks_for_more_or_comes_too_early_is_no_yes() {
    for (command, reply) in
        [("MAIL", "354 go"), ("RCPT", "354 go"), ("DATA", "250 ok"), (".", "354 go"), (".", "250 late\r\n354 go")]
    {
        let fake =
            Fake::start(
                Security::Off,
                move |connection, heard| {
                    if connection == 0 && heard.starts_with(command) { say(reply) } else { obliging(heard) }
                },
            )
            .await;
        let smtp = smtp(&fake);
        let first = sent(&smtp).await;
        if reply.starts_with("250 late") {
            // This mail was taken; what came with the reply is the next one's trouble.
            assert_eq!(first, Delivery::Accepted);
        } else {
            assert!(is_away(&first, "out of step"), "{command} {reply}: {first:?}");
        }
        let second = sent(&smtp).await;
        assert!(second == Delivery::Accepted || is_away(&second, "out of step"), "{command} {reply}: {second:?}");
        assert_eq!(sent(&smtp).await, Delivery::Accepted);
    }
}

#[tokio::test]
async fn what_is_said_in_clear_behind_starttls_ends_the_connection() {
    for surplus in ["220 go\r\n250-injected\r\n250 AUTH LOGIN", "220 go\r\n220 go", "220-go\r\n220 go\r\n250 ok", "220 go\r\n25"]
    {
        let fake = moody(Security::StartTls, "STARTTLS", move || Say::Text(format!("{surplus}\r\n"))).await;
        let told = sent(&smtp(&fake)).await;
        assert!(is_away(&told, "more than it was asked"), "{surplus}: {told:?}");
        assert_eq!(fake.commands(0), ["EHLO", "STARTTLS"], "nothing is said by TLS");
    }
}

#[test]
fn a_mail_server_needs_no_runtime_before_the_first_mail() {
    let server = MailServer { host: "localhost".to_owned(), port: 25, security: Security::Off, ca: None, login: None };
    assert!(Smtp::new(&server, "auth.example.org").is_ok());
}

#[tokio::test]
async fn mails_at_the_same_time_share_one_connection_that_says_who_we_are() {
    let fake = Fake::start(Security::Tls, |_, heard| obliging(heard)).await;
    let smtp = smtp(&fake);
    let (one, two, three) = join!(sent(&smtp), sent(&smtp), sent(&smtp));
    assert_eq!([one, two, three], [Delivery::Accepted, Delivery::Accepted, Delivery::Accepted]);
    assert!(fake.heard().iter().all(|(connection, _)| *connection == 0));
    assert!(fake.heard().contains(&(0, "EHLO auth.example.org".to_owned())));
}

#[tokio::test]
async fn a_refused_login_is_no_fault_of_the_mail() {
    for command in ["AUTH", "MAIL", "RCPT", "DATA", "."] {
        for reply in ["530 5.7.0 Authentication required", "534 5.7.9 Too weak", "535 5.7.8 No", "538 5.7.11 Encryption required"]
        {
            let fake = moody(Security::Tls, command, move || say(reply)).await;
            let told = sent(&smtp(&fake)).await;
            assert!(is_away(&told, reply), "{command}: {told:?}");
        }
    }
    let without = moody(Security::Tls, "EHLO", || say("250 fake")).await;
    assert!(is_away(&sent(&smtp(&without)).await, "authentication"));
}

#[tokio::test]
async fn letters_beyond_ascii_go_where_the_server_takes_them() {
    let to = letter_to("jörg@example.org");
    let without = moody(Security::Tls, "EHLO", || say("250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN")).await;
    assert_eq!(smtp(&without).deliver(&to).await, refused(NO_UTF8));
    assert!(!without.commands(0).contains(&"MAIL".to_owned()));
    let with = Fake::start(Security::Tls, |_, heard| obliging(heard)).await;
    assert_eq!(smtp(&with).deliver(&to).await, Delivery::Accepted);
    let mail =
        |(_, line): &(usize, String)| line.starts_with("MAIL") && line.contains("SMTPUTF8") && line.contains("BODY=8BITMIME");
    assert!(with.heard().iter().any(mail), "{:?}", with.heard());
    assert!(with.heard().iter().any(|(_, line)| line == "RCPT TO:<jörg@example.org>"), "{:?}", with.heard());
}
