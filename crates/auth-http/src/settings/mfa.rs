//! Second factors: whether logins ask for one.

use auth_domain::factors::policy::MfaPolicy;
use garde::Validate;

use super::reader::{Reader, holds};

const POLICIES: [(&str, MfaPolicy); 3] =
    [("optional", MfaPolicy::Optional), ("required", MfaPolicy::Required), ("off", MfaPolicy::Off)];

/// What has to be set beside `MFA=required`.
#[derive(Validate)]
struct RequiredNeeds {
    #[garde(custom(holds(NO_ENCRYPTION)))]
    key_encryption_key: bool,
}

const NO_ENCRYPTION: &str = "is required with MFA=required: the secrets of authenticator apps are encrypted with it; generate one: k1:$(openssl rand -base64 32)";

/// Reads whether logins ask for a second factor. `has_key`: whether a key can encrypt, or is a fault already.
pub(super) fn read(reader: &mut Reader<'_>, has_key: bool) -> MfaPolicy {
    let policy = reader.choice("MFA", &POLICIES).unwrap_or_default();
    if policy == MfaPolicy::Required {
        reader.check(&RequiredNeeds { key_encryption_key: has_key });
    }
    policy
}
