//! What every [`RecoveryCodeMaker`](crate::factors::ports::RecoveryCodeMaker) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use crate::factors::recovery_code::{ALPHABET, RECOVERY_CODES};
use crate::testkit::fixtures::RecoveryCodeMakers;

/// One test per clause: `recovery_code_maker_contract!(fixture)`, where the fixture is a future of
/// [`RecoveryCodeMakers`](crate::testkit::RecoveryCodeMakers).
#[macro_export]
macro_rules! recovery_code_maker_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; factors::recovery_code_maker:
            makes_ten_and_what_is_stored_of_them,
            makes_each_code_once,
            writes_four_groups_of_six,
            reads_a_code_as_people_type_it,
            takes_nothing_else_for_a_recovery_code,
        }
    };
}

pub async fn makes_ten_and_what_is_stored_of_them(makers: &RecoveryCodeMakers) {
    let codes = makers.maker.make().unwrap();
    assert_eq!(codes.plain.len(), RECOVERY_CODES);
    let digests: Vec<_> = codes.plain.iter().filter_map(|code| makers.maker.digest(&code.0)).collect();
    assert_eq!(digests, codes.digests, "one for each, in the same order");
}

pub async fn makes_each_code_once(makers: &RecoveryCodeMakers) {
    let made: Vec<_> = (0..20).map(|_| makers.maker.make().unwrap()).collect();
    let plain: BTreeSet<_> = made.iter().flat_map(|codes| &codes.plain).map(|code| &code.0).collect();
    let digests: BTreeSet<_> = made.iter().flat_map(|codes| &codes.digests).collect();
    assert_eq!((plain.len(), digests.len()), (20 * RECOVERY_CODES, 20 * RECOVERY_CODES));
}

pub async fn writes_four_groups_of_six(makers: &RecoveryCodeMakers) {
    for code in makers.maker.make().unwrap().plain {
        let groups: Vec<_> = code.0.split('-').collect();
        assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == 6), "{}", code.0);
        assert!(groups.concat().bytes().all(|byte| ALPHABET.contains(&byte)), "{}", code.0);
        assert_eq!(format!("{code:?}"), "RecoveryCode(redacted)");
    }
}

pub async fn reads_a_code_as_people_type_it(makers: &RecoveryCodeMakers) {
    let codes = makers.maker.make().unwrap();
    for (code, digest) in codes.plain.iter().zip(codes.digests) {
        let code = &code.0;
        let plain = code.replace('-', "");
        let spaced: String = plain.chars().flat_map(|character| [character, ' ']).collect();
        let typed = [
            code.to_uppercase(),
            plain.clone(),
            code.replace('-', " "),
            format!(" {code} "),
            spaced,
            code.replace('0', "o").replace('1', "l"),
            code.replace('0', "O").replace('1', "i"),
            code.replace('1', "L"),
            code.replace('1', "I"),
        ];
        for typed in typed {
            assert_eq!(makers.maker.digest(&typed), Some(digest.clone()), "{typed}");
        }
    }
}

pub async fn takes_nothing_else_for_a_recovery_code(makers: &RecoveryCodeMakers) {
    let codes = makers.maker.make().unwrap();
    let code = &codes.plain.first().unwrap().0;
    let digest = &codes.digests.first().unwrap().0;
    let mut none: Vec<String> = ["", " ", "-", "123456", "123 456", "🦀", &"0".repeat(23), &"0".repeat(25), &"0".repeat(10_000)]
        .map(str::to_owned)
        .into();
    none.extend([code[1..].to_owned(), code[..26].to_owned(), format!("{code}0"), format!("{code}\n"), format!("{code}\0")]);
    none.extend(["u", "U", "*", "_", "\u{2010}", "é", "\u{212a}", "\u{ff11}"].map(|wrong| format!("{wrong}{}", &code[1..])));
    for text in none {
        assert_eq!(makers.maker.digest(&text), None, "{text:?}");
    }
    assert_eq!(makers.maker.digest(digest), None, "what is stored is no code");
}
