//! Lines are the same however they arrive, and however long they are, no more than one is held.

use auth_domain::admin::import::Refusal;
use proptest::prelude::*;

use super::*;

/// What is read of bytes that come in pieces of these sizes: number, address, reason. And the most that was held.
fn read(bytes: &[u8], sizes: &[usize]) -> (Vec<(String, String, String)>, usize) {
    let (mut splitter, mut rest, mut read, mut held) = (Splitter::default(), bytes, Vec::new(), 0);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        rest = behind;
        let mut came = Bytes::copy_from_slice(piece);
        while let Some(candidate) = splitter.next(&mut came) {
            read.push(told(candidate));
        }
        assert!(came.is_empty());
        held = held.max(splitter.held.capacity());
    }
    read.extend(splitter.end().map(told));
    (read, held)
}

fn told(candidate: Candidate) -> (String, String, String) {
    let reason = match candidate.account {
        Ok(_) => String::new(),
        Err(Refusal::Unreadable(reason)) => reason,
        Err(refusal) => panic!("{refusal}"),
    };
    (candidate.number, candidate.email, reason)
}

fn line(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.org"}}"#)
}

fn good(number: u64, name: &str) -> (String, String, String) {
    (number.to_string(), format!("{name}@example.org"), String::new())
}

#[test]
fn lines_end_as_they_do_anywhere_and_the_last_need_not() {
    let (ann, ben, cid) = (line("ann"), line("ben"), line("cid"));
    for text in [
        format!("{ann}\n{ben}\n{cid}\n"),
        format!("{ann}\r\n{ben}\r\n{cid}\r\n"),
        format!("{ann}\n{ben}\n{cid}"),
        format!("\u{feff}{ann}\r\n{ben}\n{cid}\r"),
        format!("\u{feff} {ann}\t\n{ben} \n{cid} "),
    ] {
        for size in [1, 2, 3, 7, 30, 1000] {
            assert_eq!(read(text.as_bytes(), &[size]).0, [good(1, "ann"), good(2, "ben"), good(3, "cid")], "{text:?} by {size}");
        }
    }
}

#[test]
fn blank_lines_count_and_say_nothing() {
    let text = format!("\n\r\n{}\n \t\r\n\n{}\n\n", line("ann"), line("ben"));
    for size in [1, 5, 1000] {
        assert_eq!(read(text.as_bytes(), &[size]).0, [good(3, "ann"), good(6, "ben")]);
    }
    for nothing in ["", "\n", "\u{feff}", "\u{feff}\r\n", " ", "\n\n\n"] {
        assert_eq!(read(nothing.as_bytes(), &[1]).0, [], "{nothing:?}");
    }
}

#[test]
fn a_wrong_line_stops_no_other() {
    let ok = line("ann");
    let text = [ok.as_bytes(), b"\n\xff\xfe\n", "\u{feff}{}\n{\n".as_bytes(), ok.as_bytes(), b"\n"].concat();
    for size in [1, 4, 1000] {
        let (lines, _) = read(&text, &[size]);
        let reasons: Vec<_> = lines.iter().map(|(number, _, reason)| (number.as_str(), reason.as_str())).collect();
        let mark = "has a byte order mark, which only the first line may have";
        let open = "is not valid JSON: EOF while parsing an object at column 1";
        assert_eq!(reasons, [("1", ""), ("2", "is not UTF-8"), ("3", mark), ("4", open), ("5", "")]);
    }
}

/// A line of this many bytes.
fn long(bytes: usize) -> String {
    let bare = line("long");
    format!("{bare}{}", " ".repeat(bytes - bare.len()))
}

#[test]
fn a_line_may_have_so_many_bytes_and_what_is_longer_is_not_held() {
    let reason = format!("has more than {LINE_MAX_BYTES} bytes");
    for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}")] {
        for (bytes, fits) in [(LINE_MAX_BYTES, true), (LINE_MAX_BYTES + 1, false), (10_000_000, false)] {
            let text = format!("{mark}{}{end}{}{end}", long(bytes), line("ann"));
            for size in [1000, 65_536, 100_000, 20_000_000] {
                let (lines, held) = read(text.as_bytes(), &[size]);
                let first = if fits { good(1, "long") } else { ("1".to_owned(), String::new(), reason.clone()) };
                assert_eq!(lines, [first, good(2, "ann")], "{bytes} by {size}");
                assert!(held <= 2 * LINE_MAX_BYTES, "{held} by {size}");
            }
        }
    }
    // Without an end, too.
    assert_eq!(read(&[b'x'; LINE_MAX_BYTES + 1], &[7777]).0, [("1".to_owned(), String::new(), reason)]);
}

proptest! {
    #[test]
    fn lines_are_the_same_however_they_arrive(
        parts in prop::collection::vec(prop_oneof![
            Just(line("ann").into_bytes()),
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just("\u{feff}".as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..5),
        ], 0..12),
        sizes in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let bytes = parts.concat();
        prop_assert_eq!(read(&bytes, &sizes).0, read(&bytes, &[bytes.len().max(1)]).0);
    }
}
