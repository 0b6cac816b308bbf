//! Recovery codes that count.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    factors::{
        ports::RecoveryCodeMaker,
        recovery_code::{RECOVERY_CODES, RecoveryCode, RecoveryCodeDigest, RecoveryCodes},
    },
    identity::port_error::PortError,
};

/// Makes `fake00-000000-000000-000001` and so on, and stores them as they are. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct FakeRecoveryCodes(Arc<AtomicU64>);

impl RecoveryCodeMaker for FakeRecoveryCodes {
    fn make(&self) -> Result<RecoveryCodes, PortError> {
        let mut codes = RecoveryCodes::default();
        for _ in 0..RECOVERY_CODES {
            let code = format!("fake00-000000-000000-{:06}", self.0.fetch_add(1, Ordering::SeqCst) + 1);
            codes.digests.extend(self.digest(&code));
            codes.plain.push(RecoveryCode(code));
        }
        Ok(codes)
    }

    fn digest(&self, typed: &str) -> Option<RecoveryCodeDigest> {
        RecoveryCode::canonical(typed).map(|code| RecoveryCodeDigest(format!("digest of {}", *code)))
    }
}
