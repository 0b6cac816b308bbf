//! What becomes of an account that is edited.

use super::{Editable, Member};
use crate::{
    identity::user::{AccountState, PendingEmail, User},
    testkit::samples::{after, email, start, user},
};

fn ann() -> User {
    let pending_email = Some(PendingEmail { address: email("ann@new.example"), until: after(60) });
    User { email_verified_at: Some(start()), pending_email, ..user("ann@example.org") }
}

#[test]
fn nothing_moves_without_a_change() {
    let ann = ann();
    let same = Editable::from(&ann);
    assert_eq!((same.applied_to(&ann, after(5)), same.differences(&same.clone())), (ann.clone(), vec![]));
    assert_eq!(same.clone().moved_to(email("ann@example.org")), same);
}

#[test]
fn what_others_say_of_an_account_moves_no_version() {
    let ann = ann();
    let to = Editable { roles: "editor".parse().unwrap(), profile: "{\"a\":1}".parse().unwrap(), ..Editable::from(&ann) };
    let after_it = to.applied_to(&ann, after(5));
    let expected = User { roles: to.roles.clone(), profile: to.profile.clone(), described_at: Some(after(5)), ..ann.clone() };
    assert_eq!(after_it, expected);
    assert_eq!(Editable::from(&ann).differences(&to), [Member::Roles, Member::Profile]);
    assert!(!to.voids_proofs_of(&ann) && !to.ends_sessions_of(&ann));
}

#[test]
fn another_address_is_not_verified_unless_somebody_says_so() {
    let (ann, other) = (ann(), email("ann@other.example"));
    let moved = Editable::from(&ann).moved_to(other.clone());
    let unverified = User {
        email: other.clone(),
        email_verified_at: None,
        pending_email: None,
        version: ann.version + 1,
        updated_at: after(5),
        ..ann.clone()
    };
    assert_eq!(moved.applied_to(&ann, after(5)), unverified);
    let told = Editable { email_verified: true, ..moved.clone() };
    assert_eq!(told.applied_to(&ann, after(5)), User { email_verified_at: Some(after(5)), ..unverified });
    assert!(moved.voids_proofs_of(&ann) && !moved.ends_sessions_of(&ann));
}

#[test]
fn a_verification_keeps_its_time_and_can_be_taken_back() {
    let ann = ann();
    let same = Editable::from(&ann);
    let disabled = Editable { disabled: true, ..same.clone() }.applied_to(&ann, after(5));
    assert_eq!((disabled.email_verified_at, disabled.state), (Some(start()), AccountState::Disabled { since: after(5) }));
    let doubted = Editable { email_verified: false, ..same }.applied_to(&ann, after(6));
    assert_eq!((doubted.email_verified_at, &doubted.pending_email, doubted.version), (None, &ann.pending_email, ann.version + 1));
    let again = Editable { email_verified: true, ..Editable::from(&doubted) }.applied_to(&doubted, after(7));
    assert_eq!(again.email_verified_at, Some(after(7)));
}

#[test]
fn disabling_ends_and_voids_and_enabling_does_neither() {
    let ann = ann();
    let to = Editable { disabled: true, ..Editable::from(&ann) };
    assert!(to.voids_proofs_of(&ann) && to.ends_sessions_of(&ann));
    let disabled = to.applied_to(&ann, after(5));
    assert_eq!(disabled.pending_email, None);
    let back = Editable { disabled: false, ..Editable::from(&disabled) };
    assert!(!back.voids_proofs_of(&disabled) && !back.ends_sessions_of(&disabled));
    let described = Editable { roles: "editor".parse().unwrap(), ..Editable::from(&disabled) }.applied_to(&disabled, after(9));
    assert_eq!(described.state, AccountState::Disabled { since: after(5) }, "it is disabled since then");
    assert!(back.applied_to(&disabled, after(6)).is_active());
}
