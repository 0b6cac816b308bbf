//! What every [`CursorCodec`](crate::admin::ports::CursorCodec) keeps.

use crate::testkit::fixtures::CursorCodecs;

/// One test per clause: `cursor_codec_contract!(fixture)`, where the fixture is a future of
/// [`CursorCodecs`](crate::testkit::CursorCodecs).
#[macro_export]
macro_rules! cursor_codec_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; admin::cursor_codec:
            opens_what_it_sealed,
            opens_a_cursor_for_its_own_list_alone,
            opens_no_cursor_with_a_letter_changed,
            opens_no_cursor_of_another_secret,
        }
    };
}

const PLACES: [&str; 4] = ["ann@example.org", "00000000-0000-7000-8000-000000000001", "", "ä|\n\0🦀"];

pub async fn opens_what_it_sealed(codecs: &CursorCodecs) {
    for place in PLACES {
        let cursor = codecs.codec.seal("a list", place);
        assert_eq!(codecs.codec.open("a list", &cursor).as_deref(), Some(place));
    }
}

pub async fn opens_a_cursor_for_its_own_list_alone(codecs: &CursorCodecs) {
    // What is moved from the list to the place is another list and another place.
    for (list, other) in [("users", "audit"), ("", "x"), ("ab", "a"), ("users\n", "users")] {
        for place in PLACES {
            assert_eq!(codecs.codec.open(other, &codecs.codec.seal(list, place)), None, "{list:?} as {other:?}");
        }
    }
}

pub async fn opens_no_cursor_with_a_letter_changed(codecs: &CursorCodecs) {
    let cursor = codecs.codec.seal("users", "ann@example.org");
    for (at, letter) in cursor.char_indices() {
        let (head, tail) = cursor.split_at(at);
        for other in ['A', 'b', '7', '_', ' '].into_iter().filter(|other| *other != letter) {
            let forged = format!("{head}{other}{}", tail.chars().skip(1).collect::<String>());
            assert_eq!(codecs.codec.open("users", &forged), None, "{forged}");
        }
        assert_eq!(codecs.codec.open("users", head), None);
    }
    for nonsense in ["", "=", "%", "null", "ä", &format!("{cursor}A"), &format!("{cursor}="), &cursor.repeat(100)] {
        assert_eq!(codecs.codec.open("users", nonsense), None, "{nonsense}");
    }
}

pub async fn opens_no_cursor_of_another_secret(codecs: &CursorCodecs) {
    assert_eq!(codecs.codec.open("users", &codecs.stranger.seal("users", "ann@example.org")), None);
}
