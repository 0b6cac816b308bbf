//! Base32 with any alphabet, without padding.

use zeroize::Zeroizing;

/// Of RFC 4648 section 6, which authenticator apps take.
pub(crate) const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Five bits for each character, the first ones first; zeros fill up the last.
pub(crate) fn base32(alphabet: &[u8; 32], bytes: &[u8]) -> Zeroizing<String> {
    // As long as it will be, so that it never moves to another place and leaves a copy.
    let mut text = Zeroizing::new(String::with_capacity((bytes.len() * 8).div_ceil(5)));
    let mut push = |five: u16| text.extend(alphabet.get(usize::from(five & 31)).copied().map(char::from));
    // At most four bits wait for the next byte.
    let (mut bits, mut waiting) = (0_u16, 0);
    for byte in bytes {
        bits = (bits << 8) | u16::from(*byte);
        waiting += 8;
        while waiting >= 5 {
            waiting -= 5;
            push(bits >> waiting);
        }
        bits &= (1 << waiting) - 1;
    }
    if waiting > 0 {
        push(bits << (5 - waiting));
    }
    text
}

#[cfg(test)]
mod tests {
    use auth_domain::factors::recovery_code::ALPHABET;

    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_hold_but_for_their_padding() {
        let examples = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, encoded) in examples {
            assert_eq!(base32(RFC_4648, plain.as_bytes()).as_str(), encoded);
        }
    }

    #[test]
    fn every_character_of_an_alphabet_stands_for_its_five_bits() {
        for alphabet in [RFC_4648, ALPHABET] {
            for (number, character) in (0_u8..).zip(alphabet) {
                let bits = [number << 3, 0, 0, 0, number];
                let expected: String =
                    [*character, alphabet[0], alphabet[0], alphabet[0], alphabet[0], alphabet[0], alphabet[0], *character]
                        .map(char::from)
                        .into_iter()
                        .collect();
                assert_eq!(base32(alphabet, &bits).as_str(), expected);
            }
        }
    }

    /// Letters that are easily taken for digits are none of it; typed, they are read as those (<https://www.crockford.com/base32.html>).
    #[test]
    fn recovery_codes_have_the_alphabet_of_crockford() {
        let without: Vec<u8> = (b'0'..=b'9').chain(b'a'..=b'z').filter(|character| !b"ilou".contains(character)).collect();
        assert_eq!(without, ALPHABET);
    }
}
