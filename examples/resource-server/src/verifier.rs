//! Whether an access token is valid. The only module that knows how tokens are signed: with keys that auth-server publishes, or
//! with a shared secret.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind, get_current_timestamp};
use serde::Deserialize;

use crate::watch::Watch;

/// The same clock skew that auth-server allows, in seconds.
const LEEWAY: u64 = 10;

pub struct Verifier {
    keys: Keys,
    issuer: Option<String>,
    audience: Option<String>,
}

enum Keys {
    /// Whoever can verify can sign as well, and a logout takes effect only when the token expires.
    Secret(DecodingKey),
    /// Verifiers cannot sign, and a logout takes effect within seconds.
    Published(Arc<Watch>),
}

/// The claims of a valid token.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Caller {
    /// The account's id: store this one. An e-mail address may change hands.
    pub sub: String,
    pub email: String,
    /// The session, as in the list of ended sessions.
    pub sid: String,
    /// How sure auth-server is of the person: `aal2` with a second factor or a passkey.
    pub acr: String,
    /// When the person last authenticated in a way that reached `acr`, in seconds since 1970. A refresh does not move it.
    pub auth_time: u64,
    /// Of a person's session there is one only where it may do nothing but add a second factor.
    #[serde(default)]
    scope: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
}

/// Only auth-server accepts refresh tokens.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Missing,
    Invalid,
    Expired,
    /// Authenticated too long ago, or with too little.
    Stale {
        max_age: u64,
    },
    /// The last list from auth-server is too old to tell who has logged out.
    Unsure,
}

impl Caller {
    /// Whether two factors were shown within so many seconds: what an open laptop or one password should not be enough for.
    pub fn is_sure(&self, max_age: u64) -> Result<(), Refused> {
        let age = get_current_timestamp().saturating_sub(self.auth_time);
        if self.acr == "aal2" && age <= max_age { Ok(()) } else { Err(Refused::Stale { max_age }) }
    }

    /// Whether this is no login yet: with `MFA=required`, a password alone lets one add a second factor and nothing else.
    fn may_only_enrol(&self) -> bool {
        self.scope.iter().flat_map(|scope| scope.split(' ')).any(|scope| scope == "enrol")
    }
}

impl Verifier {
    /// With auth-server's secret and, if set, its issuer and audience.
    pub fn hs256(secret: &[u8], issuer: Option<&str>, audience: Option<&str>) -> Self {
        Self::new(Keys::Secret(DecodingKey::from_secret(secret)), issuer, audience)
    }

    /// With the keys that the issuer publishes.
    pub fn published(watch: Arc<Watch>, issuer: &str, audience: Option<&str>) -> Self {
        Self::new(Keys::Published(watch), Some(issuer), audience)
    }

    fn new(keys: Keys, issuer: Option<&str>, audience: Option<&str>) -> Self {
        Self { keys, issuer: issuer.map(str::to_owned), audience: audience.map(str::to_owned) }
    }

    pub fn verify(&self, token: &str) -> Result<Caller, Refused> {
        match &self.keys {
            Keys::Secret(secret) => self.check(token, Algorithm::HS256, secret, "JWT"),
            Keys::Published(watch) => {
                let (algorithm, key) = watch.key(token).ok_or(Refused::Invalid)?;
                let caller = self.check(token, algorithm, &key, "at+jwt")?;
                match watch.has_ended(&caller.sid) {
                    Some(false) => Ok(caller),
                    Some(true) => Err(Refused::Invalid),
                    None => Err(Refused::Unsure),
                }
            }
        }
    }

    fn check(&self, token: &str, algorithm: Algorithm, key: &DecodingKey, typ: &str) -> Result<Caller, Refused> {
        match decode::<Caller>(token, key, &self.rules(algorithm)) {
            Ok(token) if token.header.typ.as_deref() == Some(typ) && !token.claims.may_only_enrol() => Ok(token.claims),
            // Reported only when the signature is valid.
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Refused::Expired),
            Ok(_) | Err(_) => Err(Refused::Invalid),
        }
    }

    /// Exactly the key's algorithm: the token's header does not choose it.
    fn rules(&self, algorithm: Algorithm) -> Validation {
        let mut rules = Validation::new(algorithm);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.set_required_spec_claims(&["exp", "nbf", "sub"]);
        if let Some(issuer) = &self.issuer {
            rules.set_issuer(&[issuer]);
            rules.required_spec_claims.insert("iss".to_owned());
        }
        // A token for another audience is refused even where no audience is set.
        rules.validate_aud = true;
        if let Some(audience) = &self.audience {
            rules.set_audience(&[audience]);
            rules.required_spec_claims.insert("aud".to_owned());
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn claims(changes: &[(&str, Value)]) -> Value {
        let now = get_current_timestamp();
        let mut claims = json!({
            "sub": "1", "email": "ann@example.org", "sid": "2", "type": "access", "iat": now, "nbf": now, "exp": now + 60,
            "acr": "aal1", "auth_time": now,
        });
        for (name, value) in changes {
            claims[name] = value.clone();
        }
        claims
    }

    fn signed(algorithm: Algorithm, secret: &[u8], changes: &[(&str, Value)]) -> String {
        encode(&Header::new(algorithm), &claims(changes), &EncodingKey::from_secret(secret)).unwrap()
    }

    fn verdict(changes: &[(&str, Value)]) -> Result<String, Refused> {
        let verifier = Verifier::hs256(SECRET, None, None);
        verifier.verify(&signed(Algorithm::HS256, SECRET, changes)).map(|caller| caller.email)
    }

    #[test]
    fn a_good_token_passes() {
        assert_eq!(verdict(&[]), Ok("ann@example.org".to_owned()));
    }

    #[test]
    fn times_have_a_leeway_of_ten_seconds() {
        let now = get_current_timestamp();
        assert!(verdict(&[("exp", json!(now - 5)), ("nbf", json!(now + 5))]).is_ok());
        assert_eq!(verdict(&[("exp", json!(now - 20))]), Err(Refused::Expired));
        assert_eq!(verdict(&[("nbf", json!(now + 60))]), Err(Refused::Invalid));
    }

    #[test]
    fn another_kind_key_or_algorithm_is_refused() {
        assert_eq!(verdict(&[("type", json!("refresh"))]), Err(Refused::Invalid));
        let verifier = Verifier::hs256(SECRET, None, None);
        assert_eq!(verifier.verify(&signed(Algorithm::HS384, SECRET, &[])), Err(Refused::Invalid));
        assert_eq!(verifier.verify(&signed(Algorithm::HS256, b"another secret of thirty-two bytes", &[])), Err(Refused::Invalid));
        // {"alg":"none","typ":"JWT"}
        let token = signed(Algorithm::HS256, SECRET, &[]);
        let payload = token.split('.').nth(1).unwrap();
        assert_eq!(verifier.verify(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")), Err(Refused::Invalid));
    }

    #[test]
    fn every_claim_is_demanded() {
        for name in ["sub", "email", "sid", "type", "acr", "auth_time", "nbf", "exp"] {
            assert_eq!(verdict(&[(name, Value::Null)]), Err(Refused::Invalid), "{name}");
        }
    }

    #[test]
    fn a_session_that_may_only_add_a_factor_is_no_login() {
        for (scope, is_login) in [("enrol", false), ("openid enrol", false), ("enrolled", true), ("", true)] {
            assert_eq!(verdict(&[("scope", json!(scope))]).is_ok(), is_login, "{scope}");
        }
    }

    #[test]
    fn two_factors_and_a_short_while_make_sure() {
        let sure = |acr: &str, age: u64| {
            let changes = [("acr", json!(acr)), ("auth_time", json!(get_current_timestamp() - age))];
            let verifier = Verifier::hs256(SECRET, None, None);
            verifier.verify(&signed(Algorithm::HS256, SECRET, &changes)).unwrap().is_sure(300)
        };
        assert_eq!((sure("aal2", 0), sure("aal2", 290)), (Ok(()), Ok(())));
        for (acr, age) in [("aal2", 302), ("aal1", 0), ("", 0)] {
            assert_eq!(sure(acr, age), Err(Refused::Stale { max_age: 300 }), "{acr} {age}");
        }
    }

    #[test]
    fn issuer_and_audience_are_those_that_are_set() {
        let verifier = Verifier::hs256(SECRET, Some("https://auth.example.org"), Some("api"));
        let with = |iss: &str, aud: &str| {
            verifier.verify(&signed(Algorithm::HS256, SECRET, &[("iss", json!(iss)), ("aud", json!(aud))])).is_ok()
        };
        assert!(with("https://auth.example.org", "api"));
        assert!(!with("https://elsewhere.example.org", "api") && !with("https://auth.example.org", "another"));
        assert_eq!(verifier.verify(&signed(Algorithm::HS256, SECRET, &[])), Err(Refused::Invalid));
        // Addressed to an audience.
        assert_eq!(verdict(&[("aud", json!("api"))]), Err(Refused::Invalid));
    }
}
