//! No secret, code, token or challenge is kept where it can be read, and nothing that is kept opens anything.

use std::collections::BTreeSet;

use auth_domain::factors::{
    one_time_token::{OneTimeToken, OneTimeTokenId},
    ports::OneTimeTokenCodec,
    recovery_code::RecoveryCode,
};
use auth_domain::identity::clock::Ids;
use auth_infra::{one_time_tokens::HmacOneTimeTokens, system::UuidV7, webauthn::authenticator::VirtualAuthenticator};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{is_no_code, remove, rename, replace_codes};
use crate::{
    oauth::introspect::Client,
    service::{Answer, App, Engine, REFRESH_SECRET, Service, bytes, eventually, on_every_engine, passkey, texts},
    sessions::reauthenticate::again,
    telemetry::metrics::{ON, scrape},
};

/// Everything that was secret when it was handed out or shown.
#[derive(Default)]
struct Secrets {
    /// To be found as parts of any text.
    texts: BTreeSet<String>,
    /// Six digits: to be found as words, since digits are everywhere.
    codes: BTreeSet<String>,
    /// To be found in whatever base.
    bytes: Vec<Vec<u8>>,
}

/// An account in the middle of everything.
struct World {
    service: Service,
    access: String,
    app: App,
    waiting: App,
    key: VirtualAuthenticator,
    secrets: Secrets,
}

on_every_engine! {
    async fn nothing_secret_is_kept_and_nothing_that_is_kept_opens_anything(engine) {
        let world = World::begin(engine).await;
        let values = world.everything_stored().await;
        assert!(values.len() > 100, "{values:?}");
        for value in &values {
            world.secrets.are_not_in(value, "the database");
        }
        for line in world.service.log_text().lines() {
            world.secrets.are_not_in(line, "the log");
        }
        for line in scrape(&world.service).await.lines() {
            world.secrets.are_not_in(line, "the metrics");
        }
        world.opens_nothing(&values).await;
    }
}

impl Secrets {
    fn of_app(&mut self, enrolment: &Answer) {
        self.texts.extend([enrolment.text("secret"), enrolment.text("uri")].map(str::to_owned));
        self.bytes.push(App::of(enrolment).secret().to_vec());
    }

    fn of_codes(&mut self, answer: &Answer) {
        for code in texts(&answer.body["recovery_codes"]) {
            self.texts.insert(code.replace('-', ""));
            self.texts.insert(code);
        }
    }

    fn of_challenge(&mut self, id: &Value, challenge: &Value) {
        self.texts.extend([id, challenge].map(|text| text.as_str().unwrap().to_owned()));
        self.bytes.push(bytes(challenge));
    }

    fn are_not_in(&self, text: &str, place: &str) {
        for secret in &self.texts {
            assert!(!text.contains(secret.as_str()), "{place} has {secret}: {text}");
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{place} has {secret}: {text}");
        }
        // Times are full of digits, and of colons.
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !".:-_".contains(c)).filter(|word| !word.contains(':'));
        for word in words {
            assert!(!self.codes.contains(word), "{place} has {word}: {text}");
        }
        for secret in &self.bytes {
            for read in readings(text) {
                assert!(!read.windows(secret.len()).any(|part| part == secret), "{place} has the bytes of a secret: {text}");
            }
        }
    }
}

/// The bytes that a text may stand for.
fn readings(text: &str) -> Vec<Vec<u8>> {
    let hex = |text: &str| {
        let digits: Option<Vec<_>> = text.chars().map(|c| c.to_digit(16)).collect();
        digits.map(|digits| digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect::<Vec<u8>>())
    };
    let mut all = vec![text.as_bytes().to_vec()];
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c)) {
        let by_base64 = [
            BASE64_STANDARD_NO_PAD.decode(word).into_iter().next(),
            BASE64_URL_SAFE_NO_PAD.decode(word).into_iter().next(),
            hex(word),
        ];
        all.extend(by_base64.into_iter().flatten());
    }
    all
}

impl World {
    /// Every way to add, show, replace and remove, rightly and wrongly.
    async fn begin(engine: Engine) -> Self {
        let service = Service::with_factors_and_mail(engine, &[ON, ("LOG_LEVEL", "trace")]).await;
        let mut secrets = Secrets::default();
        let tokens = service.register_verified("ann@example.org").await;
        let started = service.post_as(tokens.access(), "/auth/factors/totp", Some(json!({}))).await;
        secrets.of_app(&started);
        let app = App::of(&started);
        let mut use_code = |code: String| {
            secrets.codes.insert(code.clone());
            code
        };
        let (wrong, code) = (use_code(app.wrong_code()), use_code(app.code()));
        assert_eq!(service.confirm_app(tokens.access(), &app, &wrong).await.status, 403);
        let confirmed = service.confirm_app(tokens.access(), &app, &code).await;
        let access = confirmed.access().to_owned();
        service.let_codes_count_again();

        let token = service.first_step("ann@example.org").await;
        let code = use_code(app.code());
        is_no_code(&service.second_step(&token, &wrong).await, "wrong");
        assert_eq!(service.second_step(&token, &code).await.status, 200);
        assert_eq!(service.second_step(&token, &code).await.status, 401, "used");
        secrets.texts.insert(token);
        secrets.of_codes(&confirmed);
        let codes = texts(&confirmed.body["recovery_codes"]);
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &codes[0]).await.status, 200);
        secrets.texts.insert(token);
        assert_eq!(again(&service, &access, json!({ "code": codes[1] })).await.status, 200);
        assert_eq!(again(&service, &access, json!({ "code": wrong })).await.status, 403);

        let mut key = passkey();
        key.counter = 3;
        let made = service.make(&access, &mut key).await;
        secrets.of_challenge(&made["challenge_id"], &challenge_of(&made));
        assert_eq!(service.post_as(&access, "/auth/passkeys", Some(made.clone())).await.status, 201);
        assert_eq!(service.post_as(&access, "/auth/passkeys", Some(made)).await.status, 400);
        for counter in [4, 2] {
            key.counter = counter;
            let shown = service.show(&mut key).await;
            secrets.of_challenge(&shown["challenge_id"], &challenge_of(&shown));
            service.post("/auth/passkeys/login", shown).await;
        }
        key.counter = 5;
        let (token, shown) = (service.first_step("ann@example.org").await, service.show(&mut key).await);
        secrets.of_challenge(&shown["challenge_id"], &challenge_of(&shown));
        let body = json!({ "mfa_token": token, "passkey": shown });
        assert_eq!(service.post("/auth/login/factor", body).await.status, 200);
        secrets.texts.insert(token);
        // Asked for, and never used.
        let (id, challenge) = service.challenge().await;
        secrets.of_challenge(&json!(id), &json!(BASE64_URL_SAFE_NO_PAD.encode(challenge)));

        secrets.of_codes(&replace_codes(&service, &access).await);
        let (second, access) = {
            let started = service.post_as(&access, "/auth/factors/totp", Some(json!({ "name": "Old phone" }))).await;
            secrets.of_app(&started);
            let app = App::of(&started);
            let confirmed = service.confirm_app(&access, &app, &app.code()).await;
            assert_eq!(confirmed.status, 200, "{}", confirmed.body);
            (app, confirmed.access().to_owned())
        };
        assert_eq!(rename(&service, &access, &second.id, json!("Older phone")).await.status, 204);
        assert_eq!(remove(&service, &access, &second.id).await.status, 204);
        let started = service.post_as(&access, "/auth/factors/totp", Some(json!({}))).await;
        secrets.of_app(&started);
        let waiting = App::of(&started);
        service.outbox_is_empty().await;
        service.let_codes_count_again();
        Self { service, access, app, waiting, key, secrets }
    }

    /// Every value of every table, once the trail is written.
    async fn everything_stored(&self) -> BTreeSet<String> {
        let written = |count: &i64| *count >= 25;
        eventually(async || tokio::task::block_in_place(|| self.service.database.count("audit_events")), written).await;
        tokio::task::block_in_place(|| self.service.database.values())
    }

    /// Presents every value wherever a token, a code, a secret or a challenge is taken.
    async fn opens_nothing(mut self, values: &BTreeSet<String>) {
        let token = self.service.first_step("ann@example.org").await;
        let codec = HmacOneTimeTokens::new(REFRESH_SECRET.as_bytes()).unwrap();
        let fresh = || {
            let token = codec.decode(&token).unwrap();
            codec.encode(&OneTimeToken { id: OneTimeTokenId(UuidV7.next()), ..token })
        };
        let client = Client::add(&self.service);
        let mut shown = self.service.show(&mut self.key).await;
        let mut made = self.service.make(&self.access, &mut passkey()).await;
        for value in values.iter().filter(|value| value.len() < 8000) {
            let forgive = "UPDATE users SET wrong_codes = 0, wrong_code_at = NULL";
            tokio::task::block_in_place(|| self.service.database.execute(forgive));
            assert!(RecoveryCode::canonical(value).is_none_or(|code| !self.secrets.texts.contains(code.as_str())), "{value}");
            let (token, right) = (fresh(), self.app.code());
            let refused = self.service.second_step(value, &right).await;
            assert_eq!(refused.refusal(), (401, "token_invalid"), "{value}");
            is_no_code(&self.service.second_step(&token, value).await, value);
            assert_eq!(
                again(&self.service, &self.access, json!({ "code": value })).await.refusal(),
                (403, "code_invalid"),
                "{value}"
            );
            let confirmed = self.service.confirm_app(&self.access, &self.waiting, value).await;
            assert_eq!(confirmed.refusal(), (403, "code_invalid"), "{value}");
            shown["challenge_id"] = json!(value);
            made["challenge_id"] = json!(value);
            assert_eq!(
                self.service.post("/auth/passkeys/login", shown.clone()).await.refusal(),
                (401, "passkey_invalid"),
                "{value}"
            );
            let added = self.service.post_as(&self.access, "/auth/passkeys", Some(made.clone())).await;
            assert_eq!(added.refusal(), (400, "passkey_invalid"), "{value}");
            self.is_no_token(&client, value).await;
        }
        assert_eq!(self.service.second_step(&fresh(), &self.app.code()).await.status, 200, "the right ones are as good as ever");
    }

    async fn is_no_token(&self, client: &Client, value: &str) {
        assert_eq!(self.service.refresh(value).await.refusal(), (401, "token_invalid"), "{value}");
        if !value.is_empty() {
            assert_eq!(client.ask(&self.service, value).await.body, json!({ "active": false }), "{value}");
        }
        let password = "Another-Horse-8-Staple";
        for (path, body) in [
            ("/auth/email/verify", json!({ "token": value, "new_password": password })),
            ("/auth/password/reset", json!({ "token": value, "new_password": password })),
            ("/auth/email/confirm", json!({ "token": value })),
            ("/auth/undo", json!({ "token": value })),
        ] {
            assert_eq!(self.service.post(path, body).await.refusal(), (400, "proof_invalid"), "{path} {value}");
        }
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
            let me = self.service.send(Method::GET, "/auth/me", Some(value), None).await;
            assert_eq!(me.refusal(), (401, "token_invalid"), "{value}");
        }
    }
}

/// The challenge that a passkey answered, as its browser says.
fn challenge_of(body: &Value) -> Value {
    let said: Value = serde_json::from_slice(&bytes(&body["credential"]["response"]["clientDataJSON"])).unwrap();
    said["challenge"].clone()
}
