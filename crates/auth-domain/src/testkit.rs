//! What tests of ports share: fakes that hold state, a clock one moves, and the clauses every adapter keeps.
//!
//! A contract is a macro: given how to make a fresh fixture, it expands to one test per clause.
//!
//! ```ignore
//! async fn postgres() -> auth_domain::testkit::Stores { /* over a database of its own */ }
//!
//! mod on_postgres {
//!     use super::postgres;
//!     auth_domain::user_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::user_admin_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::session_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::attempt_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::client_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::audit_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::key_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::proof_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::outbox_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::mailbox_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::second_step_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::factor_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::passkey_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::user_search_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::transfer_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//! }
//! ```

pub mod accounts;
pub mod admin;
pub mod audit;
pub mod factors;
mod fakes;
mod fixtures;
mod flaky;
pub mod identity;
pub mod mail;
pub mod mailbox;
mod memory;
pub mod mfa;
pub mod oauth;
pub mod passkeys;
pub mod passwords;
pub mod samples;
pub mod sessions;
pub mod signing_keys;

pub use admin::fake_cursors::FakeCursors;
pub use factors::{fake_one_time_tokens::FakeOneTimeTokens, fake_recovery_codes::FakeRecoveryCodes, fake_totp::FakeTotp};
pub use fakes::{FakeCodec, MemoryAudit, PlainHasher, PlainSecrets};
pub use fixtures::{
    ClientCodecs, Codecs, CursorCodecs, Hashers, OneTimeTokenCodecs, ProofCodecs, RecoveryCodeMakers, SecretMakers, Stores,
    TotpCodecs,
};
pub use flaky::{Flaky, Fuse, InjectedFault};
pub use identity::clock::{MovableClock, SequentialIds};
pub use mail::fake_proofs::FakeProofs;
pub use memory::MemoryStore;
pub use signing_keys::fake_keys::FakeKeys;

/// Turns clauses into tests. The fixture is a future, made anew for each of them.
#[doc(hidden)]
#[macro_export]
macro_rules! clauses {
    (@one [$(#[$attribute:meta])*] $fresh:expr; [$($home:ident)+] $clause:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])*
        async fn $clause() {
            $crate::testkit::$($home::)+$clause(&$fresh.await).await;
        }
    };
    ($attributes:tt $fresh:expr; $room:ident :: $home:ident: $($clause:ident),+ $(,)?) => {
        $($crate::clauses!(@one $attributes $fresh; [$room $home] $clause);)+
    };
}

#[cfg(test)]
mod tests;
