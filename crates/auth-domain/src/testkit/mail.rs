//! The clauses of the mail room's ports, and ready-made mails.

pub mod fake_proofs;
pub mod outbox;
pub mod outbox_lease;
pub mod proof_codec;
pub mod proof_codes;
pub mod proof_store;
pub mod samples;
