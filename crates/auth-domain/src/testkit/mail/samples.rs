//! Ready-made mails, proofs and registrations. No two have the same id.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::user::User,
    mail::{
        message::{MailId, Occasion, Outgoing},
        origin::Origin,
        ports::Registration,
        proof::{Proof, ProofId, Purpose, UNDO_LIFE},
        retry::NOTICE_LIFE,
    },
    testkit::samples::{after, context, email, hash, id},
};

/// How long the proofs of these mails are good.
pub const LIFE: TimeDelta = TimeDelta::hours(24);

/// A mail that somebody asked for so many seconds after the start, with a proof of its address.
#[must_use]
pub fn asked(purpose: Purpose, address: &str, seconds: i64) -> Outgoing {
    let occasion = match purpose {
        Purpose::Verify => Occasion::Verification,
        Purpose::Reset => Occasion::Reset,
        Purpose::Change => Occasion::Change,
        Purpose::Undo => Occasion::PasswordChanged,
    };
    let proof = Proof::new(ProofId(id()), purpose, email(address), after(seconds), LIFE);
    mail(occasion, proof, after(seconds))
}

/// A mail to the address that an account is to have.
#[must_use]
pub fn asked_by(user: &User, address: &str, seconds: i64) -> Outgoing {
    let asked = asked(Purpose::Change, address, seconds);
    let proof = asked.proof.map(|proof| proof.of(user.id));
    Outgoing { proof, other_address: Some(user.email.clone()), ..asked }
}

/// A notice to the address of an account, with an undo link.
#[must_use]
pub fn notice(user: &User, seconds: i64) -> Outgoing {
    let link = Proof::new(ProofId(id()), Purpose::Undo, user.email.clone(), after(seconds), UNDO_LIFE).of(user.id);
    Outgoing { expires_at: after(seconds) + NOTICE_LIFE, ..mail(Occasion::PasswordChanged, link, after(seconds)) }
}

/// A registration made so many seconds after the start, with this password.
#[must_use]
pub fn registration(address: &str, password: &str, seconds: i64) -> Registration {
    Registration { address: email(address), password: hash(password), language: context().language, created_at: after(seconds) }
}

/// The id of the proof that a mail has.
///
/// # Panics
/// It has none.
#[must_use]
pub fn proof_id(mail: &Outgoing) -> ProofId {
    mail.proof.as_ref().map_or_else(|| panic!("a mail without a proof"), |proof| proof.id)
}

fn mail(occasion: Occasion, proof: Proof, now: DateTime<Utc>) -> Outgoing {
    Outgoing {
        id: MailId(id()),
        occasion,
        to: proof.address.clone(),
        language: None,
        origin: Origin::of(&context()),
        other_address: None,
        created_at: now,
        expires_at: proof.expires_at,
        proof: Some(proof),
    }
}
