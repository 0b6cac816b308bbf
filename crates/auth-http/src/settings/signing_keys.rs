//! What signs tokens: the secrets, the keys, and whose tokens they are.

use std::sync::Arc;

use auth_domain::{
    sessions::token_claims::TokenClaims,
    signing_keys::{key::KeyAlgorithm, ring::KeyPolicy},
};
use auth_infra::encryption::EncryptionKeys;
use chrono::TimeDelta;
use garde::Validate;
use secrecy::SecretString;
use url::Url;

use super::reader::Reader;

#[derive(Debug)]
pub struct TokenSettings {
    pub access_secret: SecretString,
    pub refresh_secret: SecretString,
    pub issuer: Option<String>,
    pub audience: Option<String>,
    /// Which attributes access tokens say.
    pub claims: TokenClaims,
    pub keys: KeySettings,
}

#[derive(Debug)]
pub struct KeySettings {
    /// None where the access secret signs.
    pub policy: Option<KeyPolicy>,
    /// What the private halves of keys are sealed with.
    pub encryption: Arc<EncryptionKeys>,
    /// For how many seconds verifiers may cache the keys.
    pub max_age: u32,
}

const ALGORITHMS: [(&str, Option<KeyAlgorithm>); 4] = [
    ("HS256", None),
    ("ES256", Some(KeyAlgorithm::Es256)),
    ("EdDSA", Some(KeyAlgorithm::EdDsa)),
    ("RS256", Some(KeyAlgorithm::Rs256)),
];

/// What has to be set beside an algorithm of key pairs.
#[derive(Validate)]
struct KeyPairNeeds<'a> {
    #[garde(custom(can_encrypt))]
    key_encryption_key: Option<&'a EncryptionKeys>,
    #[garde(custom(is_given_issuer))]
    jwt_issuer: Option<&'a str>,
}

const NO_ENCRYPTION: &str = "is required where JWT_ALGORITHM is not HS256; generate one: k1:$(openssl rand -base64 32)";

const NO_ISSUER: &str = "is required where JWT_ALGORITHM is not HS256: the URL of this server, such as https://auth.example.org, without query and fragment";

impl TokenSettings {
    /// Reads the variables of secrets and keys; `None` is a fault.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let secrets = reader.secret_pair("JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY");
        let (issuer, audience) = (reader.claim("JWT_ISSUER"), reader.claim("JWT_AUDIENCE"));
        let keys = KeySettings::read(reader, issuer.as_deref());
        let claims = reader.parsed("TOKEN_CLAIMS", "");
        let ((access_secret, refresh_secret), keys) = (secrets?, keys?);
        Some(Self { access_secret, refresh_secret, issuer, audience, claims: claims?, keys })
    }
}

impl KeySettings {
    fn read(reader: &mut Reader<'_>, issuer: Option<&str>) -> Option<Self> {
        let algorithm = reader.choice("JWT_ALGORITHM", &ALGORITHMS).flatten();
        let max_age = reader.number("JWKS_MAX_AGE", 300, 0..=3600);
        let signs_for = TimeDelta::days(reader.number("KEY_ROTATION_DAYS", 90, 1..=3650));
        let encryption: Option<EncryptionKeys> = reader.parsed("KEY_ENCRYPTION_KEY", "");
        if algorithm.is_some() {
            reader.check(&KeyPairNeeds { key_encryption_key: encryption.as_ref(), jwt_issuer: issuer });
        }
        let cached_for = TimeDelta::seconds(max_age.into());
        let policy = algorithm.map(|algorithm| KeyPolicy { algorithm, cached_for, signs_for });
        Some(Self { policy, encryption: Arc::new(encryption?), max_age })
    }
}

/// Keys that cannot be read are a fault already.
fn can_encrypt(keys: &Option<&EncryptionKeys>, _context: &()) -> garde::Result {
    if keys.is_some_and(EncryptionKeys::is_empty) { Err(garde::Error::new(NO_ENCRYPTION)) } else { Ok(()) }
}

fn is_given_issuer(issuer: &Option<&str>, _context: &()) -> garde::Result {
    if issuer.is_some_and(is_issuer) { Ok(()) } else { Err(garde::Error::new(NO_ISSUER)) }
}

/// Whether clients can find the metadata by this issuer (RFC 8414 section 2).
#[must_use]
pub fn is_issuer(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare
    })
}
