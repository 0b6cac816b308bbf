//! How hashes are written: fields, numbers, and the base64 of several systems.

use auth_domain::passwords::ports::HashFault;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The longest salt, in bytes.
pub(super) const SALT_MAX: usize = 256;

const PADDED_OR_NOT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDED_OR_NOT);

/// The alphabet of crypt, phpass and Drupal, by value.
const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Exactly `N` fields.
pub(super) fn fields<const N: usize>(text: &str, separator: char) -> Result<[&str; N], HashFault> {
    let fields: Vec<_> = text.split(separator).collect();
    fields.try_into().map_err(|_others| HashFault::Malformed)
}

/// A number as everybody writes it: no sign, no zero in front.
pub(super) fn number(text: &str) -> Result<u32, HashFault> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !is_plain {
        return Err(HashFault::Malformed);
    }
    // Only its size can be wrong now.
    text.parse().map_err(|_overflow| HashFault::TooCostly)
}

/// A cost within its bounds.
pub(super) fn bounded(text: &str, min: u32, max: u32) -> Result<u32, HashFault> {
    match number(text)? {
        cost if cost > max => Err(HashFault::TooCostly),
        cost if cost < min => Err(HashFault::Malformed),
        cost => Ok(cost),
    }
}

/// Base64 in the usual alphabet, that of URLs, or passlib's (which has `.` for `+`), padded or not.
pub(super) fn base64(text: &str) -> Result<Vec<u8>, HashFault> {
    let usual: String = text
        .chars()
        .map(|letter| match letter {
            '.' | '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    BASE64.decode(usual).map_err(|_fault| HashFault::Malformed)
}

/// Lower-case hexadecimal.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, HashFault> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    bytes.filter(|_all| rest.is_empty()).ok_or(HashFault::Malformed)
}

/// A byte in lower-case hexadecimal.
pub(super) fn hex_digits(byte: u8) -> [u8; 2] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' - 10 + value };
    [digit(byte >> 4), digit(byte & 15)]
}

pub(super) fn salt(salt: impl Into<Vec<u8>>) -> Result<Vec<u8>, HashFault> {
    let salt = salt.into();
    if salt.len() > SALT_MAX { Err(HashFault::TooCostly) } else { Ok(salt) }
}

/// The base64 of crypt, phpass and Drupal: the low bits of three bytes first.
pub(super) fn crypt64(bytes: impl IntoIterator<Item = u8>) -> String {
    let (mut text, mut bits, mut count) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        bits |= u32::from(byte) << count;
        count += 8;
        while count >= 6 {
            text.push(letter(bits));
            bits >>= 6;
            count -= 6;
        }
    }
    if count > 0 {
        text.push(letter(bits));
    }
    text
}

fn letter(bits: u32) -> char {
    // Six bits are always within the alphabet.
    usize::try_from(bits & 63).map_or('.', |value| CRYPT64.get(value).copied().map_or('.', char::from))
}

/// The value of a letter of that base64.
pub(super) fn crypt64_value(letter: u8) -> Option<u32> {
    CRYPT64.iter().zip(0..).find_map(|(other, value)| (*other == letter).then_some(value))
}

pub(super) fn is_crypt64(text: &str) -> bool {
    text.bytes().all(|byte| CRYPT64.contains(&byte))
}
