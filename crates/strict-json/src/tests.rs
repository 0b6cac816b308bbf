//! What is accepted, what is refused, and that errors quote nothing.

use serde_json::{Value, json};

use super::{Malformed, parse};

fn not_json(text: &str) -> bool {
    matches!(parse(text.as_bytes()), Err(Malformed::NotJson(_)))
}

#[test]
fn every_kind_of_value_is_read_as_serde_json_reads_it() {
    let text = r#" {"a":[null,true,-1,18446744073709551615,1.5,"x\u00e9\n",{}],"b":{"a":1},"":""} "#;
    assert_eq!(parse(text.as_bytes()), Ok(serde_json::from_str::<Value>(text).unwrap()));
    assert_eq!(parse(b"\t7\r\n"), Ok(json!(7)));
}

#[test]
fn a_member_twice_in_one_object_is_refused_at_any_depth() {
    for text in
        [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"a":null}"#, r#"[{"b":{"a":1,"a":2}}]"#, r#"{"a":1,"\u0061":2}"#, r#"{"":1,"":2}"#]
    {
        assert!(matches!(parse(text.as_bytes()), Err(Malformed::DuplicateMember { .. })), "{text}");
    }
    assert!(parse(r#"{"a":{"a":1},"b":{"a":1},"A":1}"#.as_bytes()).is_ok());
}

#[test]
fn the_text_is_utf8_without_a_byte_order_mark() {
    assert_eq!(parse(b"{\"a\":\"\xff\"}"), Err(Malformed::NotUtf8));
    assert_eq!(parse(b"\"\xed\xa0\x80\""), Err(Malformed::NotUtf8));
    assert_eq!(parse("\u{feff}{}".as_bytes()), Err(Malformed::ByteOrderMark));
    assert_eq!(parse(&[0xff, 0xfe, b'{', 0, b'}', 0]), Err(Malformed::NotUtf8));
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "{}{}",
        "{} x",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "NaN",
        "Infinity",
        "-",
        "01",
        "+1",
        "1.",
        ".5",
        "1e999",
        "tru",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\n\"",
        "\"\u{0}\"",
        "// c\n1",
        "{\"a\" 1}",
        "{1:2}",
        "\u{a0}1",
    ] {
        assert!(not_json(text), "{text:?}");
    }
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(127).as_bytes()).is_ok());
    assert!(not_json(&nested(128)));
    assert!(not_json(&"[".repeat(1_000_000)));
    assert!(not_json(&r#"{"a":"#.repeat(100_000)));
}

#[test]
fn a_refusal_says_what_is_wrong_and_quotes_nothing() {
    let shown = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(shown(r#"{"hunter2":1,"hunter2":2}"#), "a member appears twice in one object, at line 1 column 22");
    for text in [r#"{"hunter2":hunter2}"#, r#""hunter2" hunter2"#, r#"{"p":"hunter2\x"}"#, r#"{hunter2}"#, r#"["hunter2",1e999]"#]
    {
        assert!(!shown(text).contains("hunter2"), "{}", shown(text));
    }
}
