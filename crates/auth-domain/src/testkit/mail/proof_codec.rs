//! What every [`ProofCodec`](crate::mail::ports::ProofCodec) keeps.

use std::collections::BTreeSet;

use crate::{
    mail::proof::ProofId,
    testkit::{fixtures::ProofCodecs, samples::id},
};

/// One test per clause: `proof_codec_contract!(fixture)`, where the fixture is a future of
/// [`ProofCodecs`](crate::testkit::ProofCodecs).
#[macro_export]
macro_rules! proof_codec_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; mail::proof_codec:
            opens_the_tokens_that_it_made,
            gives_each_proof_a_token_of_its_own,
            opens_nothing_else,
            opens_no_token_of_a_stranger,
            makes_codes_of_eight_digits,
            takes_the_code_of_a_proof_alone,
        }
    };
}

pub async fn opens_the_tokens_that_it_made(codecs: &ProofCodecs) {
    for _ in 0..100 {
        let proof = ProofId(id());
        let token = codecs.codec.token(proof);
        assert_eq!((codecs.codec.open(&token), codecs.codec.token(proof)), (Some(proof), token), "and it makes them again");
    }
}

pub async fn gives_each_proof_a_token_of_its_own(codecs: &ProofCodecs) {
    let tokens: BTreeSet<_> = (0..100).map(|_| codecs.codec.token(ProofId(id()))).collect();
    assert_eq!(tokens.len(), 100);
}

pub async fn opens_nothing_else(codecs: &ProofCodecs) {
    let token = codecs.codec.token(ProofId(id()));
    for (at, _) in token.char_indices() {
        let (head, tail) = token.split_at(at);
        assert_eq!(codecs.codec.open(head), None, "cut at {at}");
        if at > 0 {
            assert_eq!(codecs.codec.open(tail), None, "cut before {at}");
        }
        assert_eq!(codecs.codec.open(&format!("{head}*{tail}")), None, "with one more at {at}");
    }
    for text in ["", " ", "=", "🦀", &format!("{token}="), &format!(" {token}"), &format!("{token}\n"), &token.repeat(2)] {
        assert_eq!(codecs.codec.open(text), None, "{text:?}");
    }
}

pub async fn opens_no_token_of_a_stranger(codecs: &ProofCodecs) {
    let proof = ProofId(id());
    assert_eq!(codecs.codec.open(&codecs.stranger.token(proof)), None);
    assert_ne!(codecs.codec.token(proof), codecs.stranger.token(proof));
    assert_ne!(codecs.codec.code(proof), codecs.stranger.code(proof));
}

pub async fn makes_codes_of_eight_digits(codecs: &ProofCodecs) {
    let proofs: Vec<_> = (0..100).map(|_| ProofId(id())).collect();
    let codes: BTreeSet<_> = proofs.iter().map(|proof| codecs.codec.code(*proof)).collect();
    assert!(codes.iter().all(|code| code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit())), "{codes:?}");
    assert!(codes.len() > 98, "two alike are a chance of one in twenty thousand");
}

pub async fn takes_the_code_of_a_proof_alone(codecs: &ProofCodecs) {
    let (proof, other) = (ProofId(id()), ProofId(id()));
    let code = codecs.codec.code(proof);
    assert!(codecs.codec.is_code(proof, &code));
    assert!(!codecs.codec.is_code(other, &code));
    let (head, _) = code.split_at(7);
    for text in ["", "0", head, &format!("{code}0"), &format!(" {code}"), &format!("{code}\n")] {
        assert!(!codecs.codec.is_code(proof, text), "{text:?}");
    }
}
