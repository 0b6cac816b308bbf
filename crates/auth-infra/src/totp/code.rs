//! The codes of a secret (RFC 4226 section 5.3, RFC 6238 section 4.2).

use auth_domain::factors::totp::TimeStep;
use aws_lc_rs::{
    constant_time,
    hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key},
};

const DIGITS: usize = 6;

/// How many codes there are.
const CODES: u32 = 1_000_000;

/// What somebody typed, if it has the form of a code: six digits, and perhaps one space in the middle, as many apps show them.
pub(super) fn digits(typed: &str) -> Option<[u8; DIGITS]> {
    let digits: [u8; DIGITS] = match *typed.as_bytes() {
        [a, b, c, d, e, f] | [a, b, c, b' ', d, e, f] => [a, b, c, d, e, f],
        _ => return None,
    };
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// The step whose code this is: the current one, or one on either side. All three are looked at, in constant time. Should two steps
/// have the same code, it is the newer one: the older may have been used.
pub(super) fn matching_step(secret: &[u8], typed: &[u8; DIGITS], current: TimeStep) -> Option<TimeStep> {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let is_code = |step: TimeStep| constant_time::verify_slices_are_equal(code(&key, step).as_bytes(), typed).is_ok();
    let judged = [1, 0, -1].map(|off| TimeStep(current.0 + off)).map(|step| (step, is_code(step)));
    judged.into_iter().find_map(|(step, is_code)| is_code.then_some(step))
}

fn code(key: &Key, step: TimeStep) -> String {
    format!("{:0DIGITS$}", truncated(key, step.0.to_be_bytes()) % CODES)
}

/// Four bytes of the MAC, from where its last four bits point to, without the highest bit (RFC 4226 section 5.3, "dynamic truncation").
pub(super) fn truncated(key: &Key, counter: [u8; 8]) -> u32 {
    let mac = hmac::sign(key, &counter);
    let offset = mac.as_ref().last().map_or(0, |last| usize::from(last & 0x0f));
    // Always there: the offset is 15 at most, and the MAC has 20 bytes.
    let four = mac.as_ref().get(offset..).and_then(<[u8]>::first_chunk);
    four.map_or(0, |bytes| u32::from_be_bytes(*bytes)) & 0x7fff_ffff
}
