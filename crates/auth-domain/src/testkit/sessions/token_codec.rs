//! What every [`TokenCodec`](crate::sessions::ports::TokenCodec) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use crate::sessions::{
    session::Generation,
    token::{Claims, InvalidToken, TokenId, TokenKind, TokenPurpose},
};
use crate::testkit::{
    fixtures::Codecs,
    samples::{after, claims, email, kept_email, lifetimes, session_of, start, user},
};

const KINDS: [TokenKind; 2] = [TokenKind::Access, TokenKind::Refresh];

/// One test per clause: `token_codec_contract!(fixture)` or `token_codec_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Codecs`].
#[macro_export]
macro_rules! token_codec_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::token_codec_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; sessions::token_codec:
            reads_back_what_it_wrote,
            reads_back_any_generation_and_address,
            keeps_times_to_the_second,
            writes_the_same_claims_alike,
            refuses_a_token_of_the_other_kind,
            refuses_a_token_of_another_key,
            refuses_a_token_with_any_letter_changed,
            refuses_a_token_cut_short_or_drawn_out,
            refuses_what_is_no_token,
            refuses_a_token_that_is_too_old,
            refuses_a_token_that_is_too_young,
            says_of_an_old_forgery_no_more_than_of_a_new_one,
        }
    };
    ($fresh:expr) => {
        $crate::token_codec_contract!(@all [] $fresh);
    };
}

pub async fn reads_back_what_it_wrote(codecs: &Codecs) {
    for kind in KINDS {
        let claims = claims(kind);
        let token = codecs.codec.encode(&claims).unwrap();
        assert_eq!(codecs.codec.decode(kind, &token, start()), Ok(claims));
    }
}

pub async fn reads_back_any_generation_and_address(codecs: &Codecs) {
    for (generation, address) in [
        (1, email("josé@x.org")),
        (i64::from(i32::MAX) + 1, email("o'h|a+ra@x.org")),
        (i64::MAX, email("名前@例え.テスト")),
        (2, kept_email("名前@例え.テスト")),
    ] {
        let purpose = TokenPurpose::Refresh(Generation(generation));
        let claims = Claims { purpose, email: address, ..claims(TokenKind::Refresh) };
        let token = codecs.codec.encode(&claims).unwrap();
        assert_eq!(codecs.codec.decode(TokenKind::Refresh, &token, start()), Ok(claims));
    }
}

pub async fn keeps_times_to_the_second(codecs: &Codecs) {
    let ann = user("ann@example.org");
    let claims = Claims::access(TokenId(crate::testkit::samples::id()), &session_of(&ann), &ann, start(), &lifetimes());
    let token = codecs.codec.encode(&claims).unwrap();
    let read = codecs.codec.decode(TokenKind::Access, &token, start()).unwrap();
    assert_eq!(read.issued_at.timestamp_subsec_nanos(), 0);
    assert_eq!(read.issued_at.timestamp(), start().timestamp());
    assert_eq!(read.not_before, read.issued_at);
    assert_eq!(read.expires_at - read.issued_at, lifetimes().access);
}

pub async fn writes_the_same_claims_alike(codecs: &Codecs) {
    let claims = claims(TokenKind::Refresh);
    assert_eq!(codecs.codec.encode(&claims).unwrap(), codecs.codec.encode(&claims).unwrap());
}

pub async fn refuses_a_token_of_the_other_kind(codecs: &Codecs) {
    for (kind, other) in [(TokenKind::Access, TokenKind::Refresh), (TokenKind::Refresh, TokenKind::Access)] {
        let token = codecs.codec.encode(&claims(kind)).unwrap();
        assert_eq!(codecs.codec.decode(other, &token, start()), Err(InvalidToken::Invalid));
    }
}

pub async fn refuses_a_token_of_another_key(codecs: &Codecs) {
    for kind in KINDS {
        let token = codecs.stranger.encode(&claims(kind)).unwrap();
        assert_eq!(codecs.codec.decode(kind, &token, start()), Err(InvalidToken::Invalid));
    }
}

pub async fn refuses_a_token_with_any_letter_changed(codecs: &Codecs) {
    let token = codecs.codec.encode(&claims(TokenKind::Access)).unwrap();
    for (place, letter) in token.char_indices() {
        for other in ['A', 'B', 'a', '0', '1', '-', '=', '.', ' '].into_iter().filter(|other| *other != letter) {
            let mut forged = token.clone();
            forged.replace_range(place..place + letter.len_utf8(), &other.to_string());
            let read = codecs.codec.decode(TokenKind::Access, &forged, start());
            assert_eq!(read, Err(InvalidToken::Invalid), "with {other} in the place of letter {place}");
        }
    }
}

pub async fn refuses_a_token_cut_short_or_drawn_out(codecs: &Codecs) {
    let token = codecs.codec.encode(&claims(TokenKind::Access)).unwrap();
    let cut = (0..token.len()).filter_map(|end| token.get(..end)).map(str::to_owned);
    let drawn =
        ["A", "=", " ", "\n", ".", ".AAAA"].into_iter().flat_map(|more| [format!("{token}{more}"), format!("{more}{token}")]);
    for forged in cut.chain(drawn) {
        assert_eq!(codecs.codec.decode(TokenKind::Access, &forged, start()), Err(InvalidToken::Invalid), "{forged:?}");
    }
}

pub async fn refuses_what_is_no_token(codecs: &Codecs) {
    for text in [
        "",
        ".",
        "..",
        "...",
        "null",
        "{}",
        "a.b.c",
        "\0",
        "🦀.🦀.🦀",
        "e30.e30.e30",
        "|||||||",
        &"a.".repeat(5000),
        &"a".repeat(9000),
    ] {
        for kind in KINDS {
            assert_eq!(codecs.codec.decode(kind, text, start()), Err(InvalidToken::Invalid));
        }
    }
}

pub async fn refuses_a_token_that_is_too_old(codecs: &Codecs) {
    for kind in KINDS {
        let claims = claims(kind);
        let token = codecs.codec.encode(&claims).unwrap();
        let read = |seconds| codecs.codec.decode(kind, &token, claims.expires_at + TimeDelta::seconds(seconds));
        assert_eq!((read(-1), read(9)), (Ok(claims.clone()), Ok(claims.clone())));
        assert_eq!((read(10), read(1_000_000)), (Err(InvalidToken::Expired), Err(InvalidToken::Expired)));
    }
}

pub async fn refuses_a_token_that_is_too_young(codecs: &Codecs) {
    for kind in KINDS {
        let now = claims(kind).issued_at;
        let read = |issued: i64, start: i64| {
            let (issued_at, not_before) = (now + TimeDelta::seconds(issued), now + TimeDelta::seconds(start));
            let token = codecs.codec.encode(&Claims { issued_at, not_before, ..claims(kind) }).unwrap();
            codecs.codec.decode(kind, &token, now).map(|claims| claims.purpose.kind())
        };
        assert_eq!((read(10, 10), read(0, 10), read(10, 0)), (Ok(kind), Ok(kind), Ok(kind)));
        assert_eq!((read(11, 0), read(0, 11)), (Err(InvalidToken::Invalid), Err(InvalidToken::Invalid)));
    }
}

pub async fn says_of_an_old_forgery_no_more_than_of_a_new_one(codecs: &Codecs) {
    let token = codecs.stranger.encode(&claims(TokenKind::Access)).unwrap();
    assert_eq!(codecs.codec.decode(TokenKind::Access, &token, after(1_000_000)), Err(InvalidToken::Invalid));
}
