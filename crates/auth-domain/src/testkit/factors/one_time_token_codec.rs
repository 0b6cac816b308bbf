//! What every [`OneTimeTokenCodec`](crate::factors::ports::OneTimeTokenCodec) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::factors::one_time_token::{OneTimePurpose, OneTimeToken, OneTimeTokenId};
use crate::identity::{ids::UserId, user::AccountVersion};
use crate::testkit::{
    fixtures::OneTimeTokenCodecs,
    samples::{after, id, start},
};

/// One test per clause: `one_time_token_codec_contract!(fixture)`, where the fixture is a future of
/// [`OneTimeTokenCodecs`](crate::testkit::OneTimeTokenCodecs).
#[macro_export]
macro_rules! one_time_token_codec_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; factors::one_time_token_codec:
            reads_back_a_token_of_each_purpose,
            reads_back_any_time_and_version,
            writes_the_same_token_alike,
            reads_a_token_with_no_letter_changed,
            reads_nothing_else_for_a_token,
            reads_no_token_of_another_secret,
            derives_a_challenge_for_each_token,
        }
    };
}

fn token(purpose: OneTimePurpose) -> OneTimeToken {
    OneTimeToken::new(OneTimeTokenId(id()), purpose, start())
}

/// One of each purpose.
fn tokens(version: AccountVersion, time: DateTime<Utc>) -> [OneTimeToken; 3] {
    let user = UserId(id());
    [
        OneTimePurpose::SecondStep { user, proven: version, authenticated_at: time },
        OneTimePurpose::RegisterPasskey { user, proven: version },
        OneTimePurpose::AssertPasskey,
    ]
    .map(token)
}

fn samples() -> [OneTimeToken; 3] {
    tokens(AccountVersion { number: 7, changed_at: after(-86_400) }, after(-1))
}

pub async fn reads_back_a_token_of_each_purpose(codecs: &OneTimeTokenCodecs) {
    for token in samples() {
        let text = codecs.codec.encode(&token);
        assert!(text.is_ascii() && text.len() < 600, "{} characters", text.len());
        assert_eq!(codecs.codec.decode(&text), Some(token));
    }
}

pub async fn reads_back_any_time_and_version(codecs: &OneTimeTokenCodecs) {
    for time in [0, -1, 1, start().timestamp_micros(), 253_402_300_799_999_999] {
        let time = DateTime::from_timestamp_micros(time).unwrap();
        for number in [0, 1, i64::MAX, i64::MIN] {
            for token in tokens(AccountVersion { number, changed_at: time }, time) {
                let token = OneTimeToken { expires_at: time, ..token };
                assert_eq!(codecs.codec.decode(&codecs.codec.encode(&token)), Some(token), "expired or not, to the microsecond");
            }
        }
    }
}

pub async fn writes_the_same_token_alike(codecs: &OneTimeTokenCodecs) {
    let mut texts = BTreeSet::new();
    for token in samples() {
        assert_eq!(codecs.codec.encode(&token), codecs.codec.encode(&token));
        let later = OneTimeToken { expires_at: token.expires_at + TimeDelta::microseconds(1), ..token.clone() };
        let other = OneTimeToken { id: OneTimeTokenId(id()), ..token.clone() };
        texts.extend([&token, &later, &other].map(|token| codecs.codec.encode(token)));
    }
    assert_eq!(texts.len(), 9, "and another one otherwise");
}

pub async fn reads_a_token_with_no_letter_changed(codecs: &OneTimeTokenCodecs) {
    for token in samples() {
        let text = codecs.codec.encode(&token);
        for (place, letter) in text.char_indices() {
            for other in ['A', 'B', 'a', '0', '1', '-', '=', '.', '|', ' '].into_iter().filter(|other| *other != letter) {
                let mut forged = text.clone();
                forged.replace_range(place..=place, &other.to_string());
                assert_eq!(codecs.codec.decode(&forged), None, "with {other} in the place of letter {place}");
            }
        }
    }
}

pub async fn reads_nothing_else_for_a_token(codecs: &OneTimeTokenCodecs) {
    for token in samples() {
        let text = codecs.codec.encode(&token);
        let cut = (0..text.len()).flat_map(|at| [&text[..at], &text[at + 1..]]).map(str::to_owned);
        let more = ["A", "=", " ", "\n", ".", ".AAAA", "|"]
            .into_iter()
            .flat_map(|more| [format!("{text}{more}"), format!("{more}{text}")]);
        for forged in cut.chain(more).chain([text.repeat(2)]) {
            assert_eq!(codecs.codec.decode(&forged), None, "{forged:?}");
        }
    }
    for text in ["", ".", "..", "|", "null", "{}", "e30.e30", "\0", "🦀.🦀", &"a.".repeat(5000), &"a".repeat(10_000)] {
        assert_eq!(codecs.codec.decode(text), None, "{text:?}");
    }
}

pub async fn reads_no_token_of_another_secret(codecs: &OneTimeTokenCodecs) {
    for token in samples() {
        assert_eq!(codecs.codec.decode(&codecs.stranger.encode(&token)), None);
    }
}

pub async fn derives_a_challenge_for_each_token(codecs: &OneTimeTokenCodecs) {
    let ids: Vec<_> = (0..100).map(|_| OneTimeTokenId(id())).collect();
    let challenges: BTreeSet<_> = ids.iter().map(|id| codecs.codec.challenge(*id)).collect();
    assert_eq!(challenges.len(), 100);
    for id in ids {
        assert_eq!(codecs.codec.challenge(id), codecs.codec.challenge(id));
        assert_ne!(codecs.codec.challenge(id), codecs.stranger.challenge(id), "nobody else can");
    }
}
