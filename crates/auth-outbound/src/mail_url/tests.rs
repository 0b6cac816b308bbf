//! URLs of mail servers and folders, sound and broken.

use super::*;

fn server(text: &str) -> MailServer {
    match text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}")) {
        MailUrl::Server(server) => server,
        MailUrl::Folder(folder) => panic!("{text}: {folder:?}"),
    }
}

#[test]
fn the_scheme_decides_about_tls_and_the_port() {
    let plain = |port, security| MailServer { host: "mail.example.org".to_owned(), port, security, ca: None, login: None };
    assert_eq!(server("smtp://mail.example.org"), plain(587, Security::StartTls));
    assert_eq!(server("smtp://Mail.Example.org:25/"), plain(25, Security::StartTls));
    assert_eq!(server("smtps://mail.example.org"), plain(465, Security::Tls));
    assert_eq!(server("smtp://[::1]:2525").host, "::1");
}

#[test]
fn user_and_password_are_percent_encoded_and_shown_to_nobody() {
    let found = server("smtps://ann%40example.org:p%3Aa%2Fs%20s%C3%A9%25+@mail.example.org:466");
    let login = found.login.clone().unwrap();
    assert_eq!((login.user.as_str(), login.password.as_str()), ("ann@example.org", "p:a/s sé%+"));
    let shown = format!("{found:?} {found}");
    assert!(!shown.contains("ann") && !shown.contains("s sé"), "{shown}");
    assert_eq!(found.to_string(), "smtps://mail.example.org:466");
}

#[test]
fn certificates_may_come_from_a_file() {
    assert_eq!(server("smtp://mail.example.org?ca=/etc/a+b%20c.pem").ca, Some("/etc/a+b c.pem".into()));
}

#[test]
fn tls_is_off_only_towards_this_machine() {
    for fine in ["smtp://localhost?tls=off", "smtp://127.0.0.1:25?tls=off", "smtp://127.9.9.9?tls=off", "smtp://[::1]?tls=off"] {
        assert_eq!(server(fine).security, Security::Off, "{fine}");
    }
    for wrong in [
        "smtp://mail.example.org?tls=off",
        "smtp://192.168.0.1?tls=off",
        "smtp://localhost.example.org?tls=off",
        "smtps://localhost?tls=off",
        "smtp://localhost?tls=off&ca=/x.pem",
    ] {
        assert_eq!(wrong.parse::<MailUrl>(), Err(MailUrlFault::InClear), "{wrong}");
    }
}

#[test]
fn a_folder_is_a_path() {
    for (text, path) in
        [("file:mail", "mail"), ("file:./a/b", "./a/b"), ("file:/var/mail", "/var/mail"), ("file:///var/mail", "/var/mail")]
    {
        assert_eq!(text.parse(), Ok(MailUrl::Folder(path.into())), "{text}");
    }
    for wrong in ["file:", "file://", "file://mail", "file:mail?tls=off", "file:a#b"] {
        assert_eq!(wrong.parse::<MailUrl>(), Err(MailUrlFault::Folder), "{wrong}");
    }
}

#[test]
fn whatever_is_wrong_is_told_without_a_word_of_it() {
    let faults = [
        ("mail.example.org", MailUrlFault::Malformed),
        ("http://mail.example.org", MailUrlFault::Malformed),
        ("lmtp://mail.example.org", MailUrlFault::Malformed),
        ("smtp://mail.example.org/inbox", MailUrlFault::Malformed),
        ("smtp://mail.example.org:0", MailUrlFault::Malformed),
        ("smtp://mail.example.org:99999", MailUrlFault::Malformed),
        ("smtp://", MailUrlFault::Host),
        ("smtp:mail.example.org", MailUrlFault::Malformed),
        ("smtp://münchen.example", MailUrlFault::Host),
        ("smtp://ann@mail.example.org", MailUrlFault::Login),
        ("smtp://:secret@mail.example.org", MailUrlFault::Login),
        ("smtp://ann:sec%00ret@mail.example.org", MailUrlFault::Login),
        ("smtp://ann:sec%FFret@mail.example.org", MailUrlFault::Malformed),
        // A password with a character that ends it early.
        ("smtp://ann:1/secret@mail.example.org", MailUrlFault::Malformed),
        ("smtp://ann:1#secret@mail.example.org", MailUrlFault::Malformed),
        ("smtp://ann:1?secret@mail.example.org", MailUrlFault::Parameter),
        ("smtp://mail.example.org?tls=on", MailUrlFault::Parameter),
        ("smtp://mail.example.org?ca=", MailUrlFault::Parameter),
        ("smtp://mail.example.org?ca=/a&ca=/b", MailUrlFault::Parameter),
        ("smtp://localhost?tls=off&tls=off", MailUrlFault::Parameter),
    ];
    for (text, fault) in faults {
        assert_eq!(text.parse::<MailUrl>(), Err(fault), "{text}");
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}
