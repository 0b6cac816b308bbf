//! The fakes keep every clause; and no clause is forgotten in its macro.

use chrono::TimeDelta;

use super::{
    ClientCodecs, Codecs, CursorCodecs, Hashers, MemoryStore, MovableClock, OneTimeTokenCodecs, ProofCodecs, RecoveryCodeMakers,
    SequentialIds, Stores, TotpCodecs, samples::start,
};
use crate::{
    accounts::ports::UserStore,
    identity::{
        clock::{Clock, Ids},
        port_error::PortError,
    },
    maintenance::ports::Readiness,
    sessions::ports::SessionStore,
};

mod memory_users {
    crate::user_store_contract!(async { super::Stores::in_memory() });
}

mod memory_directory {
    crate::user_admin_store_contract!(async { super::Stores::in_memory() });
}

mod memory_search {
    crate::user_search_store_contract!(async { super::Stores::in_memory() });
}

mod memory_transfer {
    crate::transfer_store_contract!(async { super::Stores::in_memory() });
}

mod fake_cursors {
    crate::cursor_codec_contract!(async { super::CursorCodecs::fake() });
}

mod memory_sessions {
    crate::session_store_contract!(async { super::Stores::in_memory() });
}

mod memory_attempts {
    crate::attempt_store_contract!(async { super::Stores::in_memory() });
}

mod memory_trail {
    crate::audit_store_contract!(async { super::Stores::in_memory() });
}

mod memory_proofs {
    crate::proof_store_contract!(async { super::Stores::in_memory() });
}

mod memory_outbox {
    crate::outbox_contract!(async { super::Stores::in_memory() });
}

mod memory_mailbox {
    crate::mailbox_store_contract!(async { super::Stores::in_memory() });
}

mod memory_keys {
    crate::key_store_contract!(async { super::Stores::in_memory() });
}

mod fake_codec {
    crate::token_codec_contract!(async { super::Codecs::fake() });
}

mod fake_client_codec {
    crate::client_token_codec_contract!(async { super::ClientCodecs::fake() });
}

mod fake_proofs {
    crate::proof_codec_contract!(async { super::ProofCodecs::fake() });
}

mod fake_totp {
    crate::totp_codec_contract!(async { super::TotpCodecs::fake() });
}

mod fake_recovery_codes {
    crate::recovery_code_maker_contract!(async { super::RecoveryCodeMakers::fake() });
}

mod fake_one_time_tokens {
    crate::one_time_token_codec_contract!(async { super::OneTimeTokenCodecs::fake() });
}

mod plain_hasher {
    crate::password_hasher_contract!(async { super::Hashers::plain() });
}

#[test]
fn every_clause_is_in_a_macro() {
    let macros = [
        include_str!("accounts/user_store.rs"),
        include_str!("accounts/user_admin_store.rs"),
        include_str!("admin/cursor_codec.rs"),
        include_str!("admin/user_search_store.rs"),
        include_str!("admin/transfer_store.rs"),
        include_str!("sessions/session_store.rs"),
        include_str!("passwords/attempt_store.rs"),
        include_str!("audit/audit_store.rs"),
        include_str!("signing_keys/key_store.rs"),
        include_str!("factors/one_time_token_codec.rs"),
        include_str!("factors/recovery_code_maker.rs"),
        include_str!("factors/totp_codec.rs"),
        include_str!("mail/proof_codec.rs"),
        include_str!("mail/proof_store.rs"),
        include_str!("mail/outbox.rs"),
        include_str!("mailbox/mailbox_store.rs"),
        include_str!("sessions/token_codec.rs"),
        include_str!("passwords/password_hasher.rs"),
    ];
    let others = [
        include_str!("accounts/user_mails.rs"),
        include_str!("accounts/user_passwords.rs"),
        include_str!("admin/transfer_races.rs"),
        include_str!("mail/outbox_lease.rs"),
        include_str!("mail/proof_codes.rs"),
        include_str!("mailbox/change.rs"),
        include_str!("mailbox/registrations.rs"),
        include_str!("mailbox/reserved.rs"),
        include_str!("mailbox/undo.rs"),
        include_str!("sessions/session_begin.rs"),
        include_str!("sessions/session_ended.rs"),
        include_str!("sessions/session_rotate.rs"),
        include_str!("sessions/session_races.rs"),
    ];
    for text in macros.iter().chain(&others) {
        for clause in text.split("pub async fn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name) {
            let line = format!("            {clause},\n");
            assert!(macros.iter().any(|text| text.contains(&line)), "{clause} is in no macro");
        }
    }
}

#[tokio::test]
async fn a_store_that_is_away_has_no_answers_until_it_is_back() {
    let store = MemoryStore::default();
    store.go_away();
    let nobody = super::samples::user("ann@example.org");
    assert!(matches!(store.check().await, Err(PortError::Unavailable(_))));
    assert!(matches!(UserStore::find(&store, nobody.id).await, Err(PortError::Unavailable(_))));
    assert!(matches!(store.end_all(nobody.id, None, start()).await, Err(PortError::Unavailable(_))));
    store.come_back();
    assert!(store.check().await.is_ok());
    assert_eq!(UserStore::find(&store, nobody.id).await.unwrap(), None);
}

#[test]
fn a_clock_stands_until_it_is_moved() {
    let clock = MovableClock::default();
    let same = clock.clone();
    assert_eq!((clock.now(), clock.now()), (start(), start()));
    same.advance(TimeDelta::microseconds(5));
    assert_eq!(clock.now(), start() + TimeDelta::microseconds(5));
}

#[test]
fn ids_grow_and_have_the_form_of_version_7() {
    let ids = SequentialIds::default();
    let (first, second) = (ids.next(), ids.next());
    assert!(first < second);
    assert_eq!((first.get_version_num(), second.get_version_num()), (7, 7));
    assert_eq!(first, SequentialIds::default().next());
}
