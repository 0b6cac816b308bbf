//! Writing mails: which notices there are, and what each mail carries.

use chrono::TimeDelta;

use super::{MailWriter, NoticePolicy};
use crate::{
    identity::{language::Language, request_context::RequestContext, user::User},
    mail::{
        message::{Occasion, Outgoing},
        proof::{Proof, Purpose},
    },
    testing::mail::{ANN, NEW, writer},
    testkit::samples::{context, email, start, user},
};

const NOTICES: [Occasion; 13] = [
    Occasion::PasswordChanged,
    Occasion::EmailChangeRequested,
    Occasion::EmailChanged,
    Occasion::NewNetwork,
    Occasion::AccountDeleted,
    Occasion::FactorAdded,
    Occasion::FactorRemoved,
    Occasion::PasskeyAdded,
    Occasion::PasskeyRemoved,
    Occasion::RecoveryCodeUsed,
    Occasion::RecoveryCodesReplaced,
    Occasion::FactorsReset,
    Occasion::PasskeyCloned,
];

fn ann() -> User {
    User { language: Some(Language::French), ..user(ANN) }
}

fn in_german() -> RequestContext {
    RequestContext { language: Some(Language::German), ..context() }
}

fn proof(mail: &Outgoing) -> Proof {
    mail.proof.clone().unwrap()
}

#[test]
fn a_changed_address_is_told_of_wherever_there_is_mail() {
    let written = |notices| {
        let writer = MailWriter { notices, ..writer() };
        NOTICES.map(|occasion| writer.notice(occasion, &ann(), &context(), start()).is_some())
    };
    assert_eq!(written(NoticePolicy::All), [true; 13]);
    let is_of_an_address = |occasion| matches!(occasion, Occasion::EmailChangeRequested | Occasion::EmailChanged);
    assert_eq!(written(NoticePolicy::AddressOnly), NOTICES.map(is_of_an_address));
    assert_eq!(written(NoticePolicy::Off), [false; 13]);
}

#[test]
fn a_notice_goes_to_the_present_address_in_the_accounts_language_with_an_undo_link_for_72_hours() {
    let ann = ann();
    for occasion in NOTICES {
        let notice = writer().notice(occasion, &ann, &in_german(), start()).unwrap();
        assert_eq!((notice.occasion, &notice.to, notice.language), (occasion, &ann.email, Some(Language::French)));
        assert_eq!((notice.created_at, notice.expires_at), (start(), start() + TimeDelta::days(1)));
        if occasion == Occasion::AccountDeleted {
            assert_eq!(notice.proof, None, "deletion is final");
            continue;
        }
        let link = proof(&notice);
        assert_eq!((link.purpose, &link.address, link.user), (Purpose::Undo, &ann.email, Some(ann.id)));
        assert_eq!((link.created_at, link.expires_at), (start(), start() + TimeDelta::hours(72)));
    }
}

#[test]
fn what_was_asked_for_is_in_the_language_of_the_request_and_lives_as_long_as_its_proof() {
    let (writer, to, ann) = (writer(), email(NEW), ann());
    let (verify, reset) = (writer.verify_life, writer.reset_life);
    let mails = [
        (
            writer.verification(Occasion::Registration, &to, &in_german(), start()),
            Occasion::Registration,
            Purpose::Verify,
            verify,
        ),
        (
            writer.verification(Occasion::Verification, &to, &in_german(), start()),
            Occasion::Verification,
            Purpose::Verify,
            verify,
        ),
        (writer.reset(&to, &in_german(), start()), Occasion::Reset, Purpose::Reset, reset),
        (writer.invitation(&to, &in_german(), start()), Occasion::Invitation, Purpose::Reset, verify),
        (writer.change(&ann, &to, &in_german(), start()), Occasion::Change, Purpose::Change, verify),
    ];
    for (mail, occasion, purpose, life) in mails {
        let proof = proof(&mail);
        assert_eq!((mail.occasion, &mail.to, mail.language), (occasion, &to, Some(Language::German)));
        assert_eq!((proof.purpose, &proof.address, proof.expires_at), (purpose, &to, start() + life));
        assert_eq!((mail.expires_at, mail.created_at), (proof.expires_at, start()));
        let (owner, other) = if purpose == Purpose::Change { (Some(ann.id), Some(ann.email.clone())) } else { (None, None) };
        assert_eq!((proof.user, mail.other_address), (owner, other));
    }
}
