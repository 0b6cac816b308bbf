//! What people have beside a password: authenticator apps and passkeys, and a server that takes them.

use std::time::{SystemTime, UNIX_EPOCH};

use auth_infra::webauthn::authenticator::{Algorithm, VirtualAuthenticator, authentication_json, registration_json};
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Answer, Engine, Service, TestDatabase};

/// Encrypts the secrets of authenticator apps: there are none without it.
pub const ENCRYPTION: (&str, &str) = ("KEY_ENCRYPTION_KEY", "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");

/// Where passkeys belong to.
pub const ORIGIN: &str = "https://auth.example.org";
pub const RP_ID: &str = "auth.example.org";

/// What a server that takes every factor is told.
pub const WITH_FACTORS: [(&str, &str); 2] = [ENCRYPTION, ("PUBLIC_URL", ORIGIN)];

const STEP_SECONDS: u64 = 30;

/// An authenticator app: RFC 6238 in the words of this file alone.
#[derive(Debug, Clone)]
pub struct App {
    pub id: String,
    secret: Vec<u8>,
}

impl App {
    /// As the server shows it once.
    pub fn of(enrolment: &Answer) -> Self {
        assert_eq!(enrolment.status, 201, "{}", enrolment.body);
        Self { id: enrolment.text("id").to_owned(), secret: base32(enrolment.text("secret")) }
    }

    /// What it shares with the server.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// The code of now.
    pub fn code(&self) -> String {
        self.code_at(0)
    }

    /// The code of so many steps from now.
    pub fn code_at(&self, steps: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let step = (now / STEP_SECONDS).checked_add_signed(steps).unwrap();
        let mac = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret), &step.to_be_bytes());
        let (mac, offset) = (mac.as_ref(), usize::from(mac.as_ref()[19] & 0x0f));
        let number = u32::from_be_bytes([mac[offset] & 0x7f, mac[offset + 1], mac[offset + 2], mac[offset + 3]]);
        format!("{:06}", number % 1_000_000)
    }

    /// A code that it does not show for minutes, before and after.
    pub fn wrong_code(&self) -> String {
        let near: Vec<_> = (-10..=10).map(|steps| self.code_at(steps)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// RFC 4648 section 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let value = |byte: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == byte).unwrap();
    let bits: String = text.bytes().map(|byte| format!("{:05b}", value(byte))).collect();
    bits.as_bytes().chunks_exact(8).map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
}

/// An account with an authenticator app.
pub struct Owner {
    pub email: String,
    pub app: App,
    /// As they were given, unused.
    pub codes: Vec<String>,
    pub refresh: String,
    /// Of the session that enrolled the app: it is fresh.
    pub access: String,
}

/// A passkey that belongs to no account yet.
pub fn passkey() -> VirtualAuthenticator {
    VirtualAuthenticator::new(Algorithm::Es256, RP_ID, ORIGIN)
}

/// Bytes as WebAuthn has them in JSON.
pub fn bytes(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Service {
    /// A server that takes every factor, with a database of its own.
    pub async fn with_factors(engine: Engine, overrides: &[(&str, &str)]) -> Self {
        Self::with(engine, &[&WITH_FACTORS, overrides].concat()).await
    }

    /// The same, which sends mails as well.
    pub async fn with_factors_and_mail(engine: Engine, overrides: &[(&str, &str)]) -> Self {
        Self::with_mail(engine, &[&[ENCRYPTION], overrides].concat()).await
    }

    /// One more on a database that is there.
    pub async fn with_factors_on(database: std::sync::Arc<TestDatabase>, overrides: &[(&str, &str)]) -> Self {
        Self::on(database, &[&WITH_FACTORS, overrides].concat()).await
    }

    /// Gives an account an app that waits for its first code.
    pub async fn start_app(&self, access: &str) -> App {
        App::of(&self.post_as(access, "/auth/factors/totp", Some(json!({}))).await)
    }

    pub async fn confirm_app(&self, access: &str, app: &App, code: &str) -> Answer {
        let path = format!("/auth/factors/totp/{}/confirm", app.id);
        self.post_as(access, &path, Some(json!({ "code": code }))).await
    }

    /// Gives an account an app. The codes that come with it, and the next access token.
    pub async fn add_app(&self, access: &str) -> (App, Vec<String>, String) {
        let app = self.start_app(access).await;
        let confirmed = self.confirm_app(access, &app, &app.code()).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        self.let_codes_count_again();
        (app, texts(&confirmed.body["recovery_codes"]), confirmed.access().to_owned())
    }

    /// Registers an address whose account has an app.
    pub async fn enrol(&self, email: &str) -> Owner {
        let tokens = self.register(email).await;
        let (app, codes, access) = self.add_app(tokens.access()).await;
        assert_eq!(codes.len(), 10, "{codes:?}");
        Owner { email: email.to_owned(), app, codes, refresh: tokens.refresh().to_owned(), access }
    }

    /// Lets codes that were used be used again, as if half a minute had passed for each.
    pub fn let_codes_count_again(&self) {
        tokio::task::block_in_place(|| self.database.execute("UPDATE totp_factors SET last_step = 0"));
    }

    /// The right password of an account with a factor: the token for the second step.
    pub async fn first_step(&self, email: &str) -> String {
        let answer = self.login(email).await;
        assert_eq!(answer.refusal(), (403, "second_factor_required"));
        answer.text("mfa_token").to_owned()
    }

    pub async fn second_step(&self, mfa_token: &str, code: &str) -> Answer {
        self.post("/auth/login/factor", json!({ "mfa_token": mfa_token, "code": code })).await
    }

    /// Both steps, by the app.
    pub async fn login_with(&self, email: &str, app: &App) -> Answer {
        let token = self.first_step(email).await;
        let answer = self.second_step(&token, &app.code()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.let_codes_count_again();
        answer
    }

    pub async fn factors(&self, access: &str) -> Answer {
        let answer = self.get_as(access, "/auth/factors").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// The options of a new passkey, and the passkey's answer to them.
    pub async fn make(&self, access: &str, passkey: &mut VirtualAuthenticator) -> Value {
        let options = self.post_as(access, "/auth/passkeys/options", None).await;
        assert_eq!(options.status, 200, "{}", options.body);
        passkey.user_handle = Some(bytes(&options.body["publicKey"]["user"]["id"]));
        let credential = registration_json(&passkey.register(&bytes(&options.body["publicKey"]["challenge"])));
        json!({ "challenge_id": options.body["challenge_id"], "credential": credential })
    }

    /// Gives an account a passkey.
    pub async fn add_passkey(&self, access: &str, passkey: &mut VirtualAuthenticator) -> Answer {
        let body = self.make(access, passkey).await;
        let added = self.post_as(access, "/auth/passkeys", Some(body)).await;
        assert_eq!(added.status, 201, "{}", added.body);
        added
    }

    /// The options of a login, and a passkey's answer to them.
    pub async fn show(&self, passkey: &mut VirtualAuthenticator) -> Value {
        let (id, challenge) = self.challenge().await;
        json!({ "challenge_id": id, "credential": authentication_json(&passkey.authenticate(&challenge)) })
    }

    /// The name of a challenge for a login, and the challenge.
    pub async fn challenge(&self) -> (String, Vec<u8>) {
        let options = self.send(reqwest::Method::POST, "/auth/passkeys/login/options", None, None).await;
        assert_eq!(options.status, 200, "{}", options.body);
        (options.text("challenge_id").to_owned(), bytes(&options.body["publicKey"]["challenge"]))
    }

    pub async fn login_by(&self, passkey: &mut VirtualAuthenticator) -> Answer {
        let body = self.show(passkey).await;
        self.post("/auth/passkeys/login", body).await
    }
}
