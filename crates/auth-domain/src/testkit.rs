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
//!     auth_domain::user_directory_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::session_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::attempt_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::client_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::audit_trail_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//!     auth_domain::key_store_contract!(#[ignore = "needs PostgreSQL: just test-all"] postgres());
//! }
//! ```

mod clock;
mod fake_keys;
mod fakes;
mod fixtures;
mod flaky;
mod memory;
pub mod samples;

pub mod attempt_store;
pub mod audit_trail;
pub mod client_secrets;
pub mod client_store;
pub mod key_store;
pub mod password_hasher;
pub mod session_begin;
pub mod session_ended;
pub mod session_races;
pub mod session_rotate;
pub mod session_store;
pub mod token_codec;
pub mod user_directory;
pub mod user_passwords;
pub mod user_store;

pub use clock::{MovableClock, SequentialIds};
pub use fake_keys::FakeKeys;
pub use fakes::{FakeCodec, MemoryAudit, PlainHasher, PlainSecrets};
pub use fixtures::{Codecs, Hashers, SecretMakers, Stores};
pub use flaky::{Fault, Flaky, Fuse};
pub use memory::MemoryStore;

/// Turns clauses into tests. The fixture is a future, made anew for each of them.
#[doc(hidden)]
#[macro_export]
macro_rules! clauses {
    (@one [$(#[$attribute:meta])*] $fresh:expr; $home:ident $clause:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])*
        async fn $clause() {
            $crate::testkit::$home::$clause(&$fresh.await).await;
        }
    };
    ($attributes:tt $fresh:expr; $home:ident: $($clause:ident),+ $(,)?) => {
        $($crate::clauses!(@one $attributes $fresh; $home $clause);)+
    };
}

#[cfg(test)]
mod tests;
