//! The contract, the vectors of the RFCs, and what an app is handed.

mod picture;

use auth_domain::testkit::{
    TotpCodecs,
    samples::{email, id},
};
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::totp::code::truncated;

/// The secret of both RFCs.
const RFC_SECRET: &[u8] = b"12345678901234567890";

fn totp(keys: &[(&str, u8)]) -> Totp {
    let keys: Vec<_> = keys.iter().map(|(name, byte)| format!("{name}:{}", STANDARD.encode([*byte; 32]))).collect();
    Totp { keys: Arc::new(keys.join(",").parse().unwrap()), issuer: "Example".to_owned() }
}

fn issued_by(issuer: &str, address: &str) -> NewTotpSecret {
    let totp = Totp { issuer: issuer.to_owned(), ..totp(&[("a", 1)]) };
    totp.make(FactorId(id()), &email(address)).unwrap()
}

/// RFC 4648 section 6, as slowly as an app may.
fn from_base32(text: &str) -> Vec<u8> {
    let five = |letter: char| RFC_4648.iter().position(|known| char::from(*known) == letter).unwrap();
    let bits: String = text.chars().map(|letter| format!("{:05b}", five(letter))).collect();
    let bytes = bits.as_bytes().chunks_exact(8).map(|bits| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap());
    bytes.collect()
}

fn number(secret: &[u8], step: TimeStep) -> u32 {
    truncated(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), step.0.to_be_bytes())
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_secs(seconds).unwrap()
}

auth_domain::totp_codec_contract!(async {
    TotpCodecs {
        codec: Arc::new(totp(&[("old", 1)])),
        newer: Arc::new(totp(&[("new", 2), ("old", 1)])),
        stranger: Arc::new(totp(&[("new", 2)])),
        app: |new, at| format!("{:06}", number(&from_base32(&new.secret), TimeStep::at(at)) % 1_000_000),
    }
});

/// RFC 4226 appendix D.
#[test]
fn the_numbers_of_rfc_4226_come_out() {
    let numbers = [
        1_284_755_224,
        1_094_287_082,
        137_359_152,
        1_726_969_429,
        1_640_338_314,
        868_254_676,
        1_918_287_922,
        82_162_583,
        673_399_871,
        645_520_489,
    ];
    for (count, expected) in (0..).zip(numbers) {
        assert_eq!(number(RFC_SECRET, TimeStep(count)), expected, "of count {count}");
    }
}

/// RFC 6238 appendix B, the rows of SHA-1: they have eight digits, and ours are the last six.
#[test]
fn the_codes_of_rfc_6238_are_right_at_their_times() {
    let (totp, factor) = (totp(&[("a", 1)]), FactorId(id()));
    let secret = totp.keys.encrypt(&format!("totp/{factor}"), RFC_SECRET).unwrap();
    for (seconds, code) in [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ] {
        assert_eq!(format!("{:08}", number(RFC_SECRET, TimeStep::at(at(seconds))) % 100_000_000), code);
        for (now, is_right) in
            [(seconds - 60, false), (seconds - 30, true), (seconds, true), (seconds + 30, true), (seconds + 60, false)]
        {
            let step = totp.step_of(factor, &secret, &code[2..], at(now)).unwrap();
            assert_eq!(step, is_right.then(|| TimeStep::at(at(seconds))), "{code} at {now}");
        }
    }
}

/// Found with Python: with the RFCs' secret, these two steps have the same code.
#[test]
fn of_two_steps_with_the_same_code_it_is_the_newer() {
    let (totp, factor) = (totp(&[("a", 1)]), FactorId(id()));
    let secret = totp.keys.encrypt(&format!("totp/{factor}"), RFC_SECRET).unwrap();
    let between = at(61_331_810 * 30);
    assert_eq!(totp.step_of(factor, &secret, "768734", between).unwrap(), Some(TimeStep(61_331_811)));
    let before = between - TimeDelta::seconds(1);
    assert_eq!(totp.step_of(factor, &secret, "768734", before).unwrap(), Some(TimeStep(61_331_809)));
}

#[test]
fn a_secret_is_bound_to_its_factor_and_stored_with_the_name_of_its_key() {
    let (totp, factor) = (totp(&[("a", 1), ("b", 2)]), FactorId(id()));
    let new = totp.make(factor, &email("ann@example.org")).unwrap();
    assert_eq!(new.encrypted.with, "a");
    let plain = totp.keys.decrypt(&format!("totp/{factor}"), &new.encrypted).unwrap();
    assert_eq!((plain.len(), plain.as_slice()), (20, from_base32(&new.secret).as_slice()));
    assert!(!new.encrypted.text.contains(&new.secret));
    let none = Totp { keys: Arc::default(), issuer: "Example".to_owned() };
    assert!(matches!(none.make(factor, &email("ann@example.org")), Err(PortError::Internal(_))));
}

#[test]
fn a_uri_names_issuer_and_account_as_apps_take_them() {
    let label = |issuer, address| {
        let new = issued_by(issuer, address);
        let (label, rest) = new.uri.split_once("?secret=").unwrap();
        let (secret, rest) = rest.split_once("&issuer=").unwrap();
        let (issuer, rest) = rest.split_once('&').unwrap();
        assert_eq!((secret, rest), (new.secret.as_str(), "algorithm=SHA1&digits=6&period=30"));
        assert!(label.starts_with(&format!("otpauth://totp/{issuer}:")), "{label}");
        label["otpauth://totp/".len()..].to_owned()
    };
    assert_eq!(label("Example", "ann@example.org"), "Example:ann%40example.org");
    assert_eq!(label("Beispiel & Söhne", "ann+1@example.org"), "Beispiel%20%26%20S%C3%B6hne:ann%2B1%40example.org");
    assert_eq!(label("localhost:8000", "ann@example.org"), "localhost_8000:ann%40example.org");
    assert_eq!(label("a/b?c#d%e=f", "josé@example.org"), "a%2Fb%3Fc%23d%25e%3Df:jos%C3%A9%40example.org");
}

proptest! {
    #[test]
    fn whatever_is_typed_only_six_digits_are_a_code(typed in "[0-9 ]{5,8}|.{0,10}") {
        let form: Vec<char> = typed.chars().map(|typed| if typed.is_ascii_digit() { '0' } else { typed }).collect();
        let form: String = form.into_iter().collect();
        prop_assert_eq!(code::digits(&typed).is_some(), form == "000000" || form == "000 000");
        if let Some(digits) = code::digits(&typed) {
            prop_assert_eq!(String::from_utf8(digits.to_vec()).unwrap(), typed.replace(' ', ""));
        }
    }

    #[test]
    fn a_uri_is_ascii_and_has_each_separator_once(issuer: String, local in "[a-z.:@é\"]{1,20}") {
        let uri = uri::key_uri(&issuer, &local, "SECRET");
        prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!((uri.matches(':').count(), uri.matches('?').count(), uri.matches('#').count()), (2, 1, 0));
        let label = percent_encoding::percent_decode_str(&uri["otpauth://totp/".len()..uri.find('?').unwrap()]).decode_utf8().unwrap().into_owned();
        prop_assert_eq!(label, format!("{}:{}", issuer.replace(':', "_"), local.replace(':', "_")));
    }

    /// Decoding is the other way round, written without a look at the encoder.
    #[test]
    fn base32_is_read_back(bytes: Vec<u8>) {
        prop_assert_eq!(from_base32(&base32(RFC_4648, &bytes)), bytes);
    }
}
