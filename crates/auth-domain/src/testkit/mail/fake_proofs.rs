//! A codec of proofs that anybody can read.

use crate::mail::{ports::ProofCodec, proof::ProofId};

/// Writes a proof's id in clear, behind its key; the code is made of the id's last digits.
#[derive(Debug, Clone)]
pub struct FakeProofs {
    key: String,
}

impl FakeProofs {
    #[must_use]
    pub fn with_key(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl Default for FakeProofs {
    fn default() -> Self {
        Self::with_key("proof")
    }
}

impl ProofCodec for FakeProofs {
    fn token(&self, id: ProofId) -> String {
        format!("{}:{id}", self.key)
    }

    fn open(&self, token: &str) -> Option<ProofId> {
        let (key, id) = token.split_once(':')?;
        id.parse().into_iter().find(|_id| key == self.key)
    }

    fn code(&self, id: ProofId) -> String {
        let key: u128 = self.key.bytes().map(u128::from).sum();
        format!("{:08}", (id.0.as_u128() + key) % 100_000_000)
    }

    fn is_code(&self, id: ProofId, text: &str) -> bool {
        self.code(id) == text
    }
}
