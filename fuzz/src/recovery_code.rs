//! Recovery codes as people type them: what is read is 24 characters of one alphabet, and every spelling has one digest.

use auth_domain::factors::{ports::RecoveryCodeMaker, recovery_code::RecoveryCodeDigest};
use auth_infra::recovery_codes::Sha256RecoveryCodes;
use aws_lc_rs::digest::{SHA256, digest};

pub fn check(data: &[u8]) {
    let Ok(typed) = str::from_utf8(data) else { return };
    let read = Sha256RecoveryCodes.digest(typed);
    // Crockford's rules, as a table of what stands for what.
    let code: Option<String> = typed
        .replace([' ', '-'], "")
        .chars()
        .map(|typed| match typed {
            'O' | 'o' => Some('0'),
            'I' | 'i' | 'L' | 'l' => Some('1'),
            'U' | 'u' => None,
            other => other.is_ascii_alphanumeric().then(|| other.to_ascii_lowercase()),
        })
        .collect();
    let code = code.filter(|code| code.len() == 24);
    let expected = code.as_ref().map(|code| {
        let digest = digest(&SHA256, code.as_bytes());
        RecoveryCodeDigest(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    });
    assert_eq!(read, expected, "{typed:?}");
    assert_eq!(code.and_then(|code| Sha256RecoveryCodes.digest(&code)), read, "its one spelling has the same");
    assert!(read.is_none_or(|digest| Sha256RecoveryCodes.digest(&digest.0).is_none()), "what is stored is no code");
}
