//! Ids have one spelling; accounts begin active.

use proptest::prelude::*;
use uuid::Uuid;

use super::{AccountState, User};
use crate::identity::ids::{NotAnId, UserId};
use crate::{
    identity::ids::SessionId,
    sessions::token::TokenId,
    testkit::samples::{after, email, hash, id, start},
};

const CANONICAL: &str = "0198b5a0-7c4e-7abc-8def-0123456789ab";

#[test]
fn an_id_has_one_spelling() {
    assert_eq!(CANONICAL.parse::<UserId>().unwrap().to_string(), CANONICAL);
    for text in [
        "",
        "0198b5a0",
        "0198b5a07c4e7abc8def0123456789ab",
        "0198B5A0-7C4E-7ABC-8DEF-0123456789AB",
        "0198b5a0-7c4e-7abc-8def-0123456789aB",
        "{0198b5a0-7c4e-7abc-8def-0123456789ab}",
        "urn:uuid:0198b5a0-7c4e-7abc-8def-0123456789ab",
        " 0198b5a0-7c4e-7abc-8def-0123456789ab",
        "0198b5a0-7c4e-7abc-8def-0123456789ab\n",
        "0198b5a0-7c4e-7abc-8def-0123456789ag",
        "0198b5a07-c4e-7abc-8def-0123456789ab",
    ] {
        assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text:?}");
        assert_eq!(text.parse::<SessionId>(), Err(NotAnId), "{text:?}");
        assert_eq!(text.parse::<TokenId>(), Err(NotAnId), "{text:?}");
    }
}

#[test]
fn an_account_begins_active_and_never_logged_in() {
    let user = User::new(UserId(id()), email("ann@example.org"), hash("x"), start());
    assert!(user.is_active());
    assert_eq!((user.created_at, user.updated_at, user.last_login_at), (start(), start(), None));
    let disabled = User { state: AccountState::Disabled { since: after(1) }, ..user.clone() };
    assert!(!disabled.is_active());
    assert_eq!((user.state.to_string(), disabled.state.to_string()), ("active".to_owned(), "disabled".to_owned()));
    assert!(!format!("{user:?}").contains("plain:"), "what is kept of a password does not show");
}

fn nearly_an_id() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "\\{?[0-9a-f]{32}\\}?"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_id_shows_it_reads(bits: u128) {
        let id = SessionId(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn what_an_id_reads_it_shows(text in nearly_an_id()) {
        if let Ok(id) = text.parse::<UserId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}
