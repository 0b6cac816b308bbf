//! Addresses, tokens and bodies that nobody should send. Each gets a clear 422 or the one 400.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{NEW, ask_to_change, confirm, forget, is_accepted, is_done, is_no_proof, mailbox, reset, undo, verify};
use crate::service::{Answer, Engine, PASSWORD, Service, on_every_engine};

/// Of an address: what the endpoints say, if they take it or not.
fn addresses() -> Vec<(String, Option<&'static str>)> {
    let long = format!("{}@{}.example.org", "a".repeat(64), "b".repeat(63));
    let to_length = |length: usize| format!("{long}.{}", ["c".repeat(60), "d".repeat(length - long.len() - 62)].join("."));
    let good = [
        to_length(254),
        "ann@bücher.example".to_owned(),
        "ann@xn--bcher-kva.example".to_owned(),
        "jörg+a@example.org".to_owned(),
        "用户@例子.广告".to_owned(),
        "o'hara!#$%&*/=?^_`{|}~@example.org".to_owned(),
    ];
    let bad = [
        ("ann@example.org\r\nBcc: all@example.org", "invalid_email"),
        ("ann\n@example.org", "invalid_email"),
        ("ann\0@example.org", "invalid_email"),
        ("ann@exam\u{7f}ple.org", "invalid_email"),
        ("ann\u{202e}@exa\u{85}mple.org", "invalid_email"),
        ("\"ann\"@example.org", "invalid_email"),
        ("\"ann smith\"@example.org", "invalid_email"),
        ("ann(comment)@example.org", "invalid_email"),
        ("ann@example.org(comment)", "invalid_email"),
        ("Ann <ann@example.org>", "invalid_email"),
        ("ann@[127.0.0.1]", "invalid_email"),
        ("ann@[IPv6:::1]", "invalid_email"),
        ("ann@127.0.0.1", "invalid_email"),
        ("ann@localhost", "invalid_email"),
        ("ann@example.org,bob@example.org", "invalid_email"),
        ("ann@example.org bob@example.org", "invalid_email"),
        ("@example.org", "invalid_email"),
        ("ann@", "invalid_email"),
        ("", "invalid_email"),
    ];
    let bad = bad.into_iter().map(|(text, code)| (text.to_owned(), Some(code)));
    good.into_iter().map(|text| (text, None)).chain(bad).chain([(to_length(255), Some("too_long"))]).collect()
}

on_every_engine! {
    async fn an_address_is_taken_or_refused_in_the_same_way_everywhere(engine) {
        let service = Service::with_mail(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        for (address, fault) in addresses() {
            for (path, member) in
                [("/auth/email/verification", "email"), ("/auth/password/forgot", "email"), ("/auth/email", "new_email")]
            {
                let answer = service.post_as(tokens.access(), path, Some(json!({ member: address }))).await;
                match fault {
                    None => is_accepted(&answer),
                    Some(code) => assert_eq!(answer.faults(), [(member, code)], "{path} {address:?}"),
                }
            }
            let typed = json!({ "email": address, "code": "12345678", "new_password": NEW });
            let answer = service.post("/auth/password/reset", typed).await;
            match fault {
                None => is_no_proof(&answer, &address),
                Some(code) => assert_eq!(answer.faults(), [("email", code)], "{address:?}"),
            }
        }
        // What is asked for is sent, whatever the letters.
        for (address, as_kept) in [("Jörg@Bücher.example", "jörg@xn--bcher-kva.example"), ("李@例子.广告", "李@xn--fsqu00a.xn--4rr70v")] {
            let registered = service.register(address).await;
            let letter = service.mail_to(as_kept, 1).await;
            is_done(&verify(&service, json!({ "token": letter.token(), "password": PASSWORD })).await, address);
            assert_eq!(mailbox(&service, registered.access()).await, (as_kept.to_owned(), true, Value::Null));
        }
    }

    async fn a_token_that_is_not_the_one_is_no_proof(engine) {
        let service = Service::with_mail(engine, &[]).await;
        let (tokens, letter) = service.register_with_mail("ann@example.org").await;
        forget(&service, "ann@example.org").await;
        let forgotten = service.mail_to("ann@example.org", 2).await;
        ask_to_change(&service, tokens.access(), "ann@new.example.org").await;
        let (change, notice) = (service.mail_to("ann@new.example.org", 1).await, service.mail_to("ann@example.org", 3).await);
        let with = |token: &str| json!({ "token": token, "password": PASSWORD });

        let good = letter.token();
        let mut forged = vec![String::new(), " ".to_owned(), "x".to_owned(), "\u{1f980}".to_owned(), "a".repeat(9000)];
        forged.extend((1..good.len()).map(|length| good[..length].to_owned()));
        forged.extend([format!("{good}A"), format!("{good}="), format!(" {good}"), good.to_uppercase(), good.replace(['-', '_'], "+")]);
        forged.retain(|token| token != good);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(good).unwrap();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            forged.push(BASE64_URL_SAFE_NO_PAD.encode(&bytes));
        }
        // The id of one, the proof of another.
        let others = BASE64_URL_SAFE_NO_PAD.decode(forgotten.token()).unwrap();
        forged.push(BASE64_URL_SAFE_NO_PAD.encode([&others[..16], &bytes[16..]].concat()));
        forged.push(BASE64_URL_SAFE_NO_PAD.encode([&bytes[..16], &others[16..]].concat()));
        for token in &forged {
            is_no_proof(&verify(&service, with(token)).await, token);
        }

        let what = "for another purpose";
        for (number, other) in [&letter, &forgotten, &change, &notice].into_iter().enumerate() {
            let token = other.token();
            if number != 0 {
                is_no_proof(&verify(&service, with(token)).await, what);
            }
            if number != 1 {
                is_no_proof(&reset(&service, token, NEW).await, what);
            }
            if number != 2 {
                is_no_proof(&confirm(&service, token).await, what);
            }
            if number != 3 {
                is_no_proof(&undo(&service, token).await, what);
            }
        }

        let secret = ("JWT_REFRESH_SECRET_KEY", "another-secret-of-the-tests-0123456789abcdef");
        let stranger = Service::with_mail_on(service.database.clone(), &[secret]).await;
        is_no_proof(&verify(&stranger, with(good)).await, "of a server with another secret");
        let typed = json!({ "email": "ann@example.org", "code": letter.code(), "password": PASSWORD });
        is_no_proof(&verify(&stranger, typed).await, "its code");

        opening_a_link_uses_nothing_up(&service, good).await;
        is_done(&verify(&service, with(good)).await, "it is as good as ever");
        is_done(&reset(&service, forgotten.token(), NEW).await, "and so is that of another purpose");
    }
}

async fn opening_a_link_uses_nothing_up(service: &Service, token: &str) {
    for path in ["/pages/verify", "/pages/reset", "/pages/email", "/pages/undo"] {
        for query in [String::new(), format!("?token={token}")] {
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(service.send(method, &format!("{path}{query}"), None, None).await.status, 200, "{path}");
            }
        }
    }
    for path in ["/auth/email/verify", "/auth/password/reset", "/auth/email/confirm", "/auth/undo"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = service.send(method, &format!("{path}?token={token}"), None, None).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{path}");
        }
        let posted = service.post(&format!("{path}?token={token}"), json!({ "password": PASSWORD, "new_password": NEW })).await;
        assert_eq!(posted.status, 422, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_one_proof_and_says_all_its_faults() {
    let service = Service::with_mail(Engine::Sqlite, &[]).await;
    let attempt = async |path: &str, body: Value| service.post(path, body).await;
    let (verify, reset) = ("/auth/email/verify", "/auth/password/reset");
    let code = json!({ "email": "ann@example.org", "code": "12345678" });
    let with = |members: Value, more: Value| {
        let (mut all, more) = (members, more);
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    for (path, secret) in [(verify, json!({ "password": PASSWORD })), (reset, json!({ "new_password": NEW }))] {
        for (proof, faults) in [
            (json!({}), vec![("token", "missing")]),
            (with(code.clone(), json!({ "token": "x" })), vec![("token", "exclusive")]),
            (json!({ "token": "x", "code": "12345678" }), vec![("token", "exclusive")]),
            (json!({ "token": "x", "email": "ann@example.org" }), vec![("token", "exclusive")]),
            (json!({ "email": "ann@example.org" }), vec![("code", "missing")]),
            (json!({ "code": "12345678" }), vec![("email", "missing")]),
            (json!({ "email": "none", "code": 7 }), vec![("email", "invalid_email"), ("code", "wrong_type")]),
            (json!({ "token": 7 }), vec![("token", "wrong_type")]),
            (json!({ "token": null }), vec![("token", "wrong_type")]),
        ] {
            let answer = attempt(path, with(proof.clone(), secret.clone())).await;
            assert_eq!(answer.faults(), faults, "{path} {proof}");
        }
        is_no_proof(&attempt(path, with(code.clone(), secret)).await, "of nobody");
    }
    // Whose the password is to be is known by the proof alone, so nothing is said of it before.
    let weak = attempt(reset, json!({ "new_password": "short" })).await;
    assert_eq!(weak.faults(), [("token", "missing")]);
    is_no_proof(&attempt(reset, json!({ "token": "x", "new_password": "short" })).await, "with a weak password");
    is_no_proof(&attempt(verify, json!({ "token": "x", "new_password": "short" })).await, "with a weak password");
    for path in [verify, reset, "/auth/email/confirm", "/auth/undo", "/auth/password/forgot", "/auth/email/verification"] {
        for (text, status) in [("", 400), ("[]", 422), ("{", 400), ("null", 422), (r#"{"token":"a","token":"b"}"#, 400)] {
            let request = service.request(Method::POST, path).header("Content-Type", "application/json").body(text);
            assert_eq!(Answer::of(request).await.status, status, "{path} {text}");
        }
    }
}
