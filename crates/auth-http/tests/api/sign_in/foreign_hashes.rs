//! People of other systems log in with the passwords that they had there, and from then on have a hash of ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::service::{Service, on_every_engine};

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../auth-infra/src/hashing/tests/foreign.tsv"));

/// Form, password and hash.
fn vectors() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    VECTORS.lines().map(|line| {
        let mut fields = line.split('\t');
        (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap())
    })
}

/// One of each form. Those of scrypt come last: once they are met, each login takes as long.
fn forms() -> Vec<(&'static str, (&'static str, &'static str))> {
    let mut forms: BTreeMap<_, (_, _)> = BTreeMap::new();
    for (form, password, hash) in vectors() {
        forms.entry(form).or_insert((password, hash));
    }
    let mut forms: Vec<_> = forms.into_iter().collect();
    forms.sort_by_key(|(_, (_, hash))| hash.contains("scrypt") && !hash.contains("bcrypt"));
    forms
}

fn with(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

async fn came_from_elsewhere(service: &Service, email: &str, hash: &str) {
    assert_eq!(service.register(email).await.status, 201);
    service.database.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE email = '{email}'"));
}

fn ours(service: &Service) -> i64 {
    service.database.number("SELECT COUNT(*) AS count FROM users WHERE password_hash LIKE '$2b$10$%'")
}

on_every_engine! {
    async fn every_form_lets_its_owner_in_and_is_replaced(engine) {
        let service = Service::start(engine).await;
        for (number, (form, (password, hash))) in (0..).zip(forms()) {
            let email = format!("{form}@example.org");
            came_from_elsewhere(&service, &email, hash).await;
            assert_eq!(ours(&service), number);
            let refused = service.post("/auth/login", with(&email, "Wrong-Horse-7-Battery")).await;
            assert_eq!(refused.refusal(), (401, "invalid_credentials"), "{form}");
            assert_eq!(ours(&service), number, "a wrong password replaces nothing");
            assert_eq!(service.post("/auth/login", with(&email, password)).await.status, 200, "{form}");
            assert_eq!(ours(&service), number + 1, "{form}");
            assert_eq!(service.post("/auth/login", with(&email, password)).await.status, 200, "{form}");
        }
    }

    /// No policy for new passwords applies to them, and they are not cut.
    async fn passwords_of_any_length_and_alphabet_go_on_working(engine) {
        let service = Service::start(engine).await;
        let passwords = vectors().filter(|(form, ..)| *form == "django-pbkdf2");
        for (number, (_, password, hash)) in (0..4).zip(passwords.skip(1)) {
            let email = format!("{number}@example.org");
            came_from_elsewhere(&service, &email, hash).await;
            for _ in 0..2 {
                assert_eq!(service.post("/auth/login", with(&email, password)).await.status, 200, "{password}");
            }
            let other = format!("{password}y");
            assert_eq!(service.post("/auth/login", with(&email, &other)).await.refusal(), (401, "invalid_credentials"));
        }
        assert_eq!(service.database.number("SELECT COUNT(*) AS count FROM users WHERE password_hash LIKE '$bcrypt-sha256$v=2,%'"), 1);
    }

    /// The salts and keys of some do not fit into 255 bytes.
    async fn the_longest_hash_can_be_stored(engine) {
        let service = Service::start(engine).await;
        let (bytes, salt) = ("A".repeat(168), "A".repeat(340));
        let hash = format!("$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk={bytes}${salt}${bytes}");
        came_from_elsewhere(&service, "ann@example.org", &hash).await;
        assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
    }
}
