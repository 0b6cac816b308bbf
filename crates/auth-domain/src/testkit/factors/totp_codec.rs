//! What every [`TotpCodec`](crate::factors::ports::TotpCodec) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, TimeDelta, Utc};

use crate::factors::{
    factor::FactorId,
    totp::{NewTotpSecret, STEP, TimeStep},
};
use crate::identity::encrypted::Encrypted;
use crate::testkit::{
    fixtures::TotpCodecs,
    samples::{email, id, start},
};

/// One test per clause: `totp_codec_contract!(fixture)`, where the fixture is a future of
/// [`TotpCodecs`](crate::testkit::TotpCodecs).
#[macro_export]
macro_rules! totp_codec_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; factors::totp_codec:
            makes_another_secret_each_time,
            shows_a_secret_of_160_bits_in_three_ways,
            knows_the_code_of_its_step_and_of_one_either_side,
            parts_steps_to_the_microsecond,
            takes_a_space_in_the_middle_as_apps_show_it,
            takes_nothing_else_for_a_code,
            reads_a_secret_for_its_own_factor_alone,
            reads_no_secret_without_its_key,
            encrypts_with_the_newest_key_again,
        }
    };
}

fn made(codecs: &TotpCodecs) -> (FactorId, NewTotpSecret) {
    let factor = FactorId(id());
    (factor, codecs.codec.make(factor, &email("ann@example.org")).unwrap())
}

/// When a step begins.
fn step_start() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(TimeStep::at(start()).0 * STEP.num_seconds()).unwrap()
}

pub async fn makes_another_secret_each_time(codecs: &TotpCodecs) {
    let factor = FactorId(id());
    let [one, other] = [(); 2].map(|()| codecs.codec.make(factor, &email("ann@example.org")).unwrap());
    assert!(one.secret != other.secret && one.encrypted != other.encrypted);
    assert_ne!((codecs.app)(&one, start()), (codecs.app)(&other, start()), "or a chance of one in a million");
}

pub async fn shows_a_secret_of_160_bits_in_three_ways(codecs: &TotpCodecs) {
    let (_, new) = made(codecs);
    assert!(new.secret.len() == 32 && new.secret.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')), "{}", new.secret);
    assert!(new.uri.starts_with("otpauth://totp/") && new.uri.contains(&format!("secret={}", new.secret)), "{}", new.uri);
    assert!(new.uri.contains("ann"), "{}", new.uri);
    assert!(new.qr.starts_with("<svg") && new.qr.ends_with("</svg>"), "{}", new.qr);
    assert_eq!(format!("{new:?}"), "NewTotpSecret(redacted)");
}

pub async fn knows_the_code_of_its_step_and_of_one_either_side(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    for off in -3..=3 {
        let at = start() + STEP * off;
        let read = codecs.codec.step_of(factor, &new.encrypted, &(codecs.app)(&new, at), start()).unwrap();
        let step = (off.abs() <= 1).then(|| TimeStep::at(at));
        assert_eq!(read, step, "{off} steps away; or a chance of three in a million");
    }
}

pub async fn parts_steps_to_the_microsecond(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    let begin = step_start();
    let code = (codecs.app)(&new, begin);
    let microsecond = TimeDelta::microseconds(1);
    for (now, is_right) in [
        (begin - STEP - microsecond, false),
        (begin - STEP, true),
        (begin - microsecond, true),
        (begin, true),
        (begin + STEP - microsecond, true),
        (begin + STEP, true),
        (begin + STEP * 2 - microsecond, true),
        (begin + STEP * 2, false),
    ] {
        let read = codecs.codec.step_of(factor, &new.encrypted, &code, now).unwrap();
        assert_eq!(read, is_right.then(|| TimeStep::at(begin)), "at {now}");
    }
}

pub async fn takes_a_space_in_the_middle_as_apps_show_it(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    let code = (codecs.app)(&new, start());
    let (head, tail) = code.split_at(3);
    let read = codecs.codec.step_of(factor, &new.encrypted, &format!("{head} {tail}"), start()).unwrap();
    assert_eq!(read, Some(TimeStep::at(start())));
}

pub async fn takes_nothing_else_for_a_code(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    let code = (codecs.app)(&new, start());
    let (head, tail) = code.split_at(3);
    let arabic: String = code.chars().map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0x660).unwrap()).collect();
    let mut wrong: Vec<String> =
        ["", " ", "   ", "abcdef", "-00001", "+00001", "1e5", "🦀", "000000\0", &"0".repeat(10_000)].map(str::to_owned).into();
    wrong.extend([arabic, code[1..].to_owned(), code[..5].to_owned(), code.repeat(2)]);
    wrong.extend([format!("0{code}"), format!("{code}0"), format!(" {code}"), format!("{code} "), format!("{code}\n")]);
    wrong.extend([format!("{head}-{tail}"), format!("{head}  {tail}"), format!("{head}\u{a0}{tail}"), format!("{head}\t{tail}")]);
    wrong.extend((1..6).filter(|at| *at != 3).map(|at| format!("{} {}", &code[..at], &code[at..])));
    // Each digit changed, to any other.
    for (at, digit) in code.char_indices() {
        wrong.extend(
            ('0'..='9').filter(|other| *other != digit).map(|other| format!("{}{other}{}", &code[..at], &code[at + 1..])),
        );
    }
    let neighbours = [start() - STEP, start() + STEP].map(|at| (codecs.app)(&new, at));
    for text in wrong.into_iter().filter(|text| !neighbours.contains(text)) {
        assert_eq!(codecs.codec.step_of(factor, &new.encrypted, &text, start()).unwrap(), None, "{text:?} for {code}");
    }
}

pub async fn reads_a_secret_for_its_own_factor_alone(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    let (other, _) = made(codecs);
    let code = (codecs.app)(&new, start());
    assert!(codecs.codec.step_of(factor, &new.encrypted, &code, start()).unwrap().is_some());
    assert!(codecs.codec.step_of(other, &new.encrypted, &code, start()).is_err());
    assert!(codecs.codec.reencrypt(other, &new.encrypted).is_err());
}

pub async fn reads_no_secret_without_its_key(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    let code = (codecs.app)(&new, start());
    assert!(codecs.stranger.step_of(factor, &new.encrypted, &code, start()).is_err());
    assert!(codecs.stranger.reencrypt(factor, &new.encrypted).is_err());
    let bent = |text: String| Encrypted { text, ..new.encrypted.clone() };
    let whole = &new.encrypted.text;
    for broken in [bent(String::new()), bent(whole[1..].to_owned()), bent(format!("{whole}A")), bent("nonsense".to_owned())] {
        assert!(codecs.codec.step_of(factor, &broken, &code, start()).is_err());
        assert!(codecs.codec.reencrypt(factor, &broken).is_err());
    }
}

pub async fn encrypts_with_the_newest_key_again(codecs: &TotpCodecs) {
    let (factor, new) = made(codecs);
    assert_eq!(codecs.codec.reencrypt(factor, &new.encrypted).unwrap(), None);
    let again = codecs.newer.reencrypt(factor, &new.encrypted).unwrap().unwrap();
    assert_ne!(again.with, new.encrypted.with);
    assert_eq!(codecs.newer.reencrypt(factor, &again).unwrap(), None);
    let code = (codecs.app)(&new, start());
    for secret in [&new.encrypted, &again] {
        assert_eq!(codecs.newer.step_of(factor, secret, &code, start()).unwrap(), Some(TimeStep::at(start())));
    }
    assert_eq!(codecs.stranger.step_of(factor, &again, &code, start()).unwrap(), Some(TimeStep::at(start())));
    assert!(codecs.codec.step_of(factor, &again, &code, start()).is_err());
}
