//! What the parser takes, what it refuses, and that it takes each value in one spelling.

use proptest::{collection::vec, prelude::*};

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// RFC 8949 appendix A, as far as CTAP2 goes.
#[test]
fn reads_the_examples_of_the_standard() {
    let integers = [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1a000f4240", 1_000_000),
        ("1b000000e8d4a51000", 1_000_000_000_000),
        ("1bffffffffffffffff", 18_446_744_073_709_551_615),
        ("20", -1),
        ("3903e7", -1000),
        ("3bffffffffffffffff", -18_446_744_073_709_551_616),
    ];
    for (text, number) in integers {
        assert_eq!(whole(&hex(text)), Ok(Item::Integer(number)), "{text}");
    }
    assert_eq!(whole(&hex("f4")), Ok(Item::Bool(false)));
    assert_eq!(whole(&hex("f5")), Ok(Item::Bool(true)));
    assert_eq!(whole(&hex("f6")), Ok(Item::Null));
    assert_eq!(whole(&hex("4401020304")), Ok(Item::Bytes(&[1, 2, 3, 4])));
    assert_eq!(whole(&hex("63e6b0b4")), Ok(Item::Text("水")));
    let nested = Item::Array(vec![Item::Integer(2), Item::Integer(3)]);
    assert_eq!(whole(&hex("8201820203")), Ok(Item::Array(vec![Item::Integer(1), nested])));
    let map = Item::Map(vec![(Item::Text("a"), Item::Text("A")), (Item::Text("b"), Item::Text("B"))]);
    assert_eq!(whole(&hex("a2616161416162614 2")), Ok(map));
}

#[test]
fn refuses_whatever_has_another_spelling_or_none() {
    let refused = [
        ("", "nothing"),
        ("18", "an argument is missing"),
        ("1b00000000000000", "an argument is cut short"),
        ("1817", "one byte where none is needed"),
        ("1900ff", "two bytes where one is enough"),
        ("1a0000ffff", "four bytes where two are enough"),
        ("1b00000000ffffffff", "eight bytes where four are enough"),
        ("5803010203", "a length that is not the shortest"),
        ("1c", "a reserved head"),
        ("1e", "a reserved head"),
        ("5f42010243030405ff", "bytes of indefinite length"),
        ("7f61616162ff", "a text of indefinite length"),
        ("9f01ff", "an array of indefinite length"),
        ("bf616101ff", "a map of indefinite length"),
        ("ff", "a break"),
        ("c11a514b67b0", "a tag"),
        ("c0", "a tag of nothing"),
        ("f93c00", "a half float"),
        ("fa47c35000", "a float"),
        ("fb3ff199999999999a", "a double"),
        ("f7", "undefined"),
        ("f0", "a simple value"),
        ("f8ff", "a simple value in two bytes"),
        ("f814", "false in two bytes"),
        ("4401 0203", "bytes cut short"),
        ("61ff", "a text that is not UTF-8"),
        ("62c080", "a text that is not the shortest UTF-8"),
        ("8201", "an array cut short"),
        ("a101", "a map without a value"),
        ("a201020103", "a key twice"),
        ("a2616101616102", "a text twice"),
        ("a203010101", "keys out of order"),
        ("a220012000", "a negative key twice"),
        ("a220010101", "a negative key before a positive one"),
        ("a261620161 6101", "texts out of order"),
        ("a26261610161 6201", "a longer text before a shorter one"),
        ("a2616101 0101", "a text before an integer"),
        ("a1410101", "bytes as a key"),
        ("a1f501", "a boolean as a key"),
        ("a1800 1", "an array as a key"),
    ];
    for (text, why) in refused {
        assert_eq!(whole(&hex(text)), Err(NotCanonical), "{text}: {why}");
    }
}

#[test]
fn refuses_what_follows_a_value_unless_it_is_asked_for() {
    assert_eq!(whole(&[0, 0]), Err(NotCanonical));
    assert_eq!(first(&[0, 1, 2]), Ok((Item::Integer(0), &[1, 2][..])));
}

#[test]
fn takes_no_capacity_on_the_word_of_the_sender() {
    for kind in 2..=5 {
        for length in ["1a7fffffff", "1bffffffffffffffff", "1b7fffffffffffffff"] {
            let mut bytes = hex(length);
            bytes[0] |= kind << 5;
            bytes.resize(1000, 0);
            assert_eq!(whole(&bytes), Err(NotCanonical));
        }
    }
}

#[test]
fn goes_four_levels_deep_and_no_deeper() {
    assert!(whole(&hex("8181818100")).is_ok());
    assert!(whole(&hex("a101a101a101a10100")).is_ok());
    assert_eq!(whole(&hex("818181818100")), Err(NotCanonical));
    assert!(whole(&hex("81818180")).is_ok());
    assert_eq!(whole(&hex("8181818180")), Err(NotCanonical));
    assert_eq!(whole(&hex("a101a101a101a1018 0")), Err(NotCanonical));
    assert_eq!(whole(&[0x81; 100_000]), Err(NotCanonical));
}

#[test]
fn counts_the_items_of_a_value() {
    let array = |count: u8| [vec![0x98, count], vec![0; count.into()]].concat();
    assert!(whole(&array(255)).is_ok());
    assert_eq!(whole(&[vec![0x99, 1, 0], vec![0; 256]].concat()), Err(NotCanonical));
    // Nested ones count as well: 2 arrays of 127 are 257 items.
    assert_eq!(whole(&[vec![0x82], array(127), array(127)].concat()), Err(NotCanonical));
    assert!(whole(&[vec![0x82], array(127), array(126)].concat()).is_ok());
}

#[test]
fn finds_what_a_map_has() {
    let map = hex("a3 01 02 20 f5 6161 41ff");
    let map = whole(&map).unwrap();
    assert_eq!(map.labelled(1).and_then(Item::integer), Some(2));
    assert_eq!(map.labelled(-1), Some(&Item::Bool(true)));
    assert_eq!(map.named("a").and_then(Item::bytes), Some(&[0xff][..]));
    assert_eq!((map.labelled(2), map.named("b")), (None, None));
    let other = Item::Integer(1);
    assert_eq!((other.labelled(1), other.named("a"), other.bytes(), other.text()), (None, None, None, None));
}

/// Bytes that are CBOR oftener than any would be.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        (0..24_u8).prop_map(|number| vec![number]),
        (0..24_u8).prop_map(|number| vec![0x20 | number]),
        vec(any::<u8>(), 0..24).prop_map(|bytes| [vec![0x40 | u8::try_from(bytes.len()).unwrap()], bytes].concat()),
        "[a-d]{0,3}".prop_map(|text| [vec![0x60 | u8::try_from(text.len()).unwrap()], text.into_bytes()].concat()),
        (0..4_u8).prop_map(|length| vec![0x80 | length]),
        (0..4_u8).prop_map(|length| vec![0xa0 | length]),
        (0xf4..0xf7_u8).prop_map(|simple| vec![simple]),
        (24..28_u8, 0..8_u8).prop_map(|(short, kind)| vec![kind << 5 | short]),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_is_written_as_it_came(bytes in likely()) {
        if let Ok((item, rest)) = first(&bytes) {
            prop_assert_eq!(item.encode(), &bytes[..bytes.len() - rest.len()]);
        }
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes: Vec<u8>) {
        if let Ok(item) = whole(&bytes) {
            prop_assert_eq!(item.encode(), bytes);
        }
    }

    #[test]
    fn a_value_is_read_only_whole(bytes in likely(), cut in 1..40_usize) {
        if whole(&bytes).is_ok() && cut < bytes.len() {
            prop_assert_eq!(whole(&bytes[..bytes.len() - cut]), Err(NotCanonical));
        }
    }
}
