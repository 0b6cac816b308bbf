//! Mail, and how browsers reach this server.

use auth_domain::{identity::language::Language, mail::writer::NoticePolicy};
use chrono::TimeDelta;

use super::{faulty, read};
use crate::settings::{EmailVerification, MailSettings, SettingFault};

const NEEDED: [(&str, &str); 3] = [
    ("MAIL_URL", "smtps://ann:s3cret@mail.example.org"),
    ("MAIL_FROM", "Example <no-reply@example.org>"),
    ("PUBLIC_URL", "https://auth.example.org:8443"),
];

fn mail(variables: &[(&str, &str)]) -> MailSettings {
    read(&[&NEEDED, variables].concat()).unwrap().mail.unwrap()
}

fn told(faults: &[SettingFault]) -> Vec<&str> {
    faults.iter().map(|fault| &*fault.variable).collect()
}

#[test]
fn the_defaults_of_mail_are_those_of_the_contract() {
    let mail = mail(&[]);
    assert_eq!(
        (mail.transport.to_string().as_str(), mail.app_name.as_str()),
        ("smtps://mail.example.org:465", "auth.example.org")
    );
    assert_eq!(mail.from.to_string(), "Example <no-reply@example.org>");
    assert_eq!((mail.language, mail.verification), (Language::English, EmailVerification::Optional));
    assert_eq!((mail.verify_life, mail.reset_life), (TimeDelta::hours(24), TimeDelta::minutes(30)));
    assert_eq!((mail.notices, mail.templates_dir), (NoticePolicy::All, None));
    assert_eq!(mail.links.verify, "https://auth.example.org:8443/pages/verify");
    assert_eq!(mail.links.undo, "https://auth.example.org:8443/pages/undo");
}

#[test]
fn what_is_decided_about_mail_is_read() {
    let mail = mail(&[
        ("MAIL_APP_NAME", " Beispiel & Söhne "),
        ("MAIL_LANGUAGE", "zh"),
        ("EMAIL_VERIFICATION", "required"),
        ("SECURITY_NOTICES", "false"),
        ("LINK_RESET", "myapp://reset"),
        ("MAIL_TEMPLATES_DIR", "/t"),
    ]);
    assert_eq!((mail.app_name.as_str(), mail.language), ("Beispiel & Söhne", Language::Chinese));
    assert_eq!((mail.verification, mail.notices), (EmailVerification::Required, NoticePolicy::AddressOnly));
    assert_eq!((mail.links.reset.as_str(), mail.templates_dir), ("myapp://reset", Some("/t".into())));
}

#[test]
fn mail_needs_to_know_how_it_is_reached_and_whom_it_is_from() {
    let faults = read(&NEEDED[..1]).unwrap_err();
    assert_eq!(told(&faults), ["MAIL_FROM", "PUBLIC_URL"]);
    assert!(faults.iter().all(|fault| fault.rule.contains("required with MAIL_URL")), "{faults:?}");
    let broken = [NEEDED[0], ("MAIL_FROM", "nobody"), ("PUBLIC_URL", "https://x.org/path")];
    assert_eq!(told(&read(&broken).unwrap_err()), ["PUBLIC_URL", "MAIL_FROM"], "each once");
}

#[test]
fn a_typo_is_told_without_mail_as_well() {
    for (name, wrong) in [
        ("MAIL_URL", "smtp://mail.example.org?tls=no"),
        ("MAIL_FROM", "Example"),
        ("MAIL_APP_NAME", "a\nb"),
        ("MAIL_LANGUAGE", "it"),
        ("EMAIL_VERIFICATION", "yes"),
        ("SECURITY_NOTICES", "0"),
        ("VERIFY_EXPIRE_HOURS", "169"),
        ("RESET_EXPIRE_MINUTES", "4"),
        ("LINK_UNDO", "/undo"),
    ] {
        assert!(faulty(name, wrong), "{name}={wrong}");
    }
    assert!(read(&NEEDED[1..]).unwrap().mail.is_none());
}

#[test]
fn the_password_of_the_mail_server_is_shown_to_nobody() {
    assert!(!format!("{:?}", read(&NEEDED).unwrap()).contains("s3cret"));
    for wrong in [
        "smtp://ann:s3cret@",
        "smtp://ann:s3/cret@mail.example.org",
        "smtp://ann:s3?cret@mail.example.org",
        "lmtp://ann:s3cret@x",
    ] {
        let faults = read(&[("MAIL_URL", wrong)]).unwrap_err();
        assert!(told(&faults) == ["MAIL_URL"] && !faults[0].rule.contains("cret"), "{faults:?}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "file:mail\n").unwrap();
    let from_file = read(&[("MAIL_URL_FILE", file.path().to_str().unwrap()), NEEDED[1], NEEDED[2]]).unwrap();
    assert_eq!(from_file.mail.unwrap().transport.to_string(), "file:mail");
}

#[test]
fn browsers_reach_this_server_by_tls_or_on_the_same_machine() {
    for (fine, origin) in [
        ("https://auth.example.org", "https://auth.example.org"),
        ("HTTPS://Auth.Example.org:443", "https://auth.example.org"),
        ("https://192.0.2.1:8443", "https://192.0.2.1:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ] {
        assert_eq!(read(&[("PUBLIC_URL", fine)]).unwrap().http.public_url.unwrap().origin(), origin);
    }
    for wrong in [
        "auth.example.org",
        "http://auth.example.org",
        "http://localhost.example.org",
        "https://auth.example.org/",
        "https://auth.example.org/auth",
        "https://auth.example.org?a",
        "https://auth.example.org#a",
        "https://ann@auth.example.org",
        "capacitor://localhost",
        "https://",
    ] {
        assert!(faulty("PUBLIC_URL", wrong), "{wrong}");
    }
}

#[test]
fn links_lead_to_pages_and_apps_and_run_no_code() {
    for fine in [
        "https://app.example.org/verify?from=mail",
        "http://localhost:3000/verify",
        "http://[::1]/verify",
        "myapp://verify",
        "org.example.app:/verify",
        "https://münchen.example/",
    ] {
        assert!(!faulty("LINK_VERIFY", fine), "{fine}");
    }
    assert_eq!(mail(&[("LINK_VERIFY", "https://münchen.example/ä")]).links.verify, "https://xn--mnchen-3ya.example/%C3%A4");
    for wrong in [
        "http://app.example.org/verify",
        "https://app.example.org/#verify",
        "https://app.example.org/#",
        "https://ann:b@app.example.org/",
        "/verify",
        "app.example.org",
        "https://app.example.org/a b",
        "https://app.example.org/\nb",
        "javascript:alert(1)",
        "JavaScript://x/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:https://app.example.org/1",
        "vbscript:x",
        "view-source:https://app.example.org",
        "ftp://app.example.org/",
    ] {
        assert!(faulty("LINK_VERIFY", wrong), "{wrong}");
    }
}
