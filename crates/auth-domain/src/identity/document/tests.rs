//! Limits of documents, and RFC 7396.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn document(value: &Value) -> Document {
    value.to_string().parse().unwrap()
}

#[test]
fn the_examples_of_rfc_7396_hold() {
    // Appendix A, of those whose target is an object or becomes one.
    for (target, patch, result) in [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        (json!({"a":"foo"}), json!(null), json!({})),
    ] {
        assert_eq!(document(&target).patched(&patch), Ok(document(&result)), "{target} {patch}");
    }
    for patch in [json!("bar"), json!(["c"]), json!(7), json!(true)] {
        assert_eq!(document(&json!({"a":"foo"})).patched(&patch), Err(DocumentFault::NoObject));
    }
}

#[test]
fn it_is_small_and_flat() {
    let of_bytes = |bytes: usize| json!({ "a": "x".repeat(bytes - r#"{"a":""}"#.len()) });
    assert!(Document::default().patched(&of_bytes(DOCUMENT_MAX_BYTES)).is_ok());
    assert_eq!(Document::default().patched(&of_bytes(DOCUMENT_MAX_BYTES + 1)), Err(DocumentFault::TooLarge));
    let (deep, deeper) = (json!({"a":[{"b":[{"c":1}]}]}), json!({"a":[{"b":[{"c":[]}]}]}));
    assert!(Document::default().patched(&deep).is_ok());
    assert_eq!(Document::default().patched(&deeper), Err(DocumentFault::TooDeep));
    // What counts is the document after the change.
    let full = document(&of_bytes(DOCUMENT_MAX_BYTES));
    assert_eq!(full.patched(&json!({"b":1})), Err(DocumentFault::TooLarge));
    assert!(full.patched(&json!({"a":null,"b":1})).is_ok());
}

#[test]
fn names_that_mean_something_elsewhere_are_names() {
    let patch = json!({"__proto__":{"admin":true},"constructor":1,"":2});
    assert_eq!(Document::default().patched(&patch).unwrap().members(), patch.as_object().unwrap());
}

#[test]
fn numbers_come_back_as_they_came() {
    let text = r#"{"n":[907.3038322028689,481.83792520110524,5e-324,1.7976931348623157e+308,-0.0,0.1,18446744073709551615]}"#;
    assert_eq!(text.parse::<Document>().unwrap().to_string(), text);
}

proptest! {
    #[test]
    fn numbers_of_any_size_come_back_as_they_came(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let document = document(&json!({ "n": number }));
        prop_assert_eq!(document.members().get("n"), Some(&json!(number)));
    }

    #[test]
    fn what_databases_hold_comes_back(names in prop::collection::btree_map(any::<String>(), any::<i64>(), 0..8)) {
        let members: Map<_, _> = names.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        let document = Document::of(members);
        prop_assume!(document.is_ok());
        let document = document.unwrap();
        prop_assert_eq!(document.to_string().parse::<Document>(), Ok(document));
    }
}
