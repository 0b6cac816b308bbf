//! Second factors: whether logins ask for one.

use auth_domain::factors::policy::MfaPolicy;
use auth_infra::encryption::EncryptionKeys;
use garde::Validate;

use super::reader::Reader;

const POLICIES: [(&str, MfaPolicy); 3] =
    [("optional", MfaPolicy::Optional), ("required", MfaPolicy::Required), ("off", MfaPolicy::Off)];

/// What has to be set beside `MFA=required`.
#[derive(Validate)]
struct RequiredNeeds<'a> {
    #[garde(custom(can_encrypt))]
    key_encryption_key: Option<&'a EncryptionKeys>,
}

const NO_ENCRYPTION: &str = "is required with MFA=required: the secrets of authenticator apps are encrypted with it; generate one: k1:$(openssl rand -base64 32)";

/// Reads whether logins ask for a second factor. Keys that cannot be read are a fault already.
pub(super) fn read(reader: &mut Reader<'_>, keys: Option<&EncryptionKeys>) -> MfaPolicy {
    let policy = reader.choice("MFA", &POLICIES).unwrap_or_default();
    if policy == MfaPolicy::Required {
        reader.check(&RequiredNeeds { key_encryption_key: keys });
    }
    policy
}

fn can_encrypt(keys: &Option<&EncryptionKeys>, _context: &()) -> garde::Result {
    if keys.is_some_and(EncryptionKeys::is_empty) { Err(garde::Error::new(NO_ENCRYPTION)) } else { Ok(()) }
}
