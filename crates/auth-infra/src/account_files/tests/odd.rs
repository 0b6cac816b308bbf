//! Records that are odd: alone they are refused, and the others go on.

use super::*;

/// The reason of a file's only refusal.
fn reason(name: &str, text: impl AsRef<[u8]>) -> String {
    let listed = read(name, text).unwrap();
    let refused: Vec<_> = listed.iter().flat_map(|listed| listed.candidate.account.as_ref().err()).collect();
    assert_eq!(refused.len(), 1, "{listed:?}");
    refused[0].to_string()
}

/// A record of a format from the members of an account.
fn record(name: &str, members: &str) -> String {
    match name {
        "auth0" => format!("{{{members}}}"),
        "django" => format!(r#"[{{"model":"auth.user","pk":1,"fields":{{"password":"!",{members}}}}}]"#),
        _ => format!(r#"{{"users":[{{{members}}}]}}"#),
    }
}

#[test]
fn a_wrong_member_is_told_by_its_name_and_not_by_its_value() {
    for (name, members, why) in [
        ("auth0", r#""email":"ann@example.org","email_verified":"hush""#, "email_verified is not true or false"),
        ("auth0", r#""email":"ann@example.org","created_at":"hush""#, "created_at is not a time"),
        ("auth0", r#""email":"ann@example.org","created_at":{"$date":"hush"}"#, "created_at is not a time"),
        ("auth0", r#""email":"ann@example.org","user_metadata":"hush""#, "user_metadata is not an object"),
        ("auth0", r#""email":["hush"]"#, "email is not a text"),
        ("auth0", r#""email":"ann@example.org","identities":{"hush":1}"#, "identities is not a list"),
        ("auth0", r#""email":"ann@example.org","passwordHash":{"hush":1}"#, "passwordHash is not a text"),
        (
            "auth0",
            r#""email":"ann@example.org","user_id":"auth0|1","app_metadata":{"previous_id":"hush"}"#,
            "app_metadata has a member `previous_id`",
        ),
        ("firebase", r#""email":"ann@example.org","createdAt":1e300"#, "createdAt is not a time in milliseconds"),
        (
            "firebase",
            r#""email":"ann@example.org","createdAt":12345678901234567890123"#,
            "createdAt is not a time in milliseconds",
        ),
        (
            "firebase",
            r#""email":"ann@example.org","customAttributes":"[\"hush\"]""#,
            "customAttributes is not the text of a JSON object",
        ),
        (
            "firebase",
            r#""email":"ann@example.org","customAttributes":"{\"a\":1,\"a\":2}""#,
            "customAttributes is not the text of a JSON object",
        ),
        ("keycloak", r#""email":"ann@example.org","realmRoles":[1]"#, "realmRoles is not a list of texts"),
        ("keycloak", r#""email":"ann@example.org","credentials":["hush"]"#, "credentials is not a list of objects"),
        ("django", r#""email":"ann@example.org","is_active":"hush""#, "is_active is not true or false"),
        ("django", r#""email":"ann@example.org","groups":17"#, "groups is not a list"),
    ] {
        let told = reason(name, record(name, members));
        assert!(told.contains(why) && !told.contains("hush"), "{members}: {told}");
    }
}

#[test]
fn a_member_twice_a_broken_text_or_a_number_beyond_all_refuse_one_record() {
    for (wrong, why) in [
        (r#"{"email":"ann@example.org","email":"eve@example.org"}"#, "a member appears twice in one object, at line 1 column 34"),
        (r#"{"email":"ann@example.org","n":1e999}"#, "number out of range at line 1 column 36"),
        (r#"{"email":"ann@example.org","n":"\ud800"}"#, "at line 1 column"),
        (r#"{"email":"hush@example.org""#, "EOF while parsing an object"),
        ("null", "it is not a JSON object"),
    ] {
        let file = format!("{{\"email\":\"ben@example.org\"}}\n{wrong}\n{{\"email\":\"cid@example.org\"}}");
        assert_eq!(read("auth0", &file).unwrap().len(), 3);
        let told = reason("auth0", file);
        assert!(told.contains(why) && !told.contains("hush"), "{told}");
    }
    for wrong in [r#"{"email":"a@example.org","email":"b@example.org"}"#, r#"{"email":"a@example.org","n":1e999}"#, "17", "[[]]"]
    {
        for name in ["firebase", "keycloak"] {
            let file = format!(r#"{{"users":[{{"email":"ben@example.org"}},{wrong},{{"email":"cid@example.org"}}]}}"#);
            assert!(reason(name, &file).starts_with("it is not ") && read(name, file).unwrap().len() == 3, "{wrong}");
        }
    }
    let deep = format!(r#"{{"email":"ann@example.org","n":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(reason("auth0", &deep).contains("recursion limit exceeded"));
    assert!(reason("firebase", format!(r#"{{"users":[{deep}]}}"#)).contains("recursion limit exceeded"));
}

#[test]
fn documents_that_are_too_large_or_too_deep_are_refused_with_their_name() {
    let large = format!(r#""email":"ann@example.org","user_metadata":{{"a":"{}"}}"#, "x".repeat(4096));
    assert_eq!(reason("auth0", record("auth0", &large)), "user_metadata has more than 4096 bytes of compact JSON");
    let deep = r#""email":"ann@example.org","app_metadata":{"a":[[[[[1]]]]]}"#;
    assert_eq!(reason("auth0", record("auth0", deep)), "app_metadata is deeper than 5 levels");
    // What the import adds counts.
    let full = format!(r#""email":"ann@example.org","user_id":"auth0|1","app_metadata":{{"a":"{}"}}"#, "x".repeat(4080));
    assert_eq!(reason("auth0", record("auth0", &full)), "app_metadata has more than 4096 bytes of compact JSON");
}

#[test]
fn invalid_utf8_refuses_a_line_or_a_row_but_a_whole_document() {
    let lines = b"{\"email\":\"ann@example.org\"}\n{\"email\":\"hush\xff@example.org\"}\n{\"email\":\"ben@example.org\"}";
    assert_eq!(reason("auth0", lines), "it is not unambiguous JSON: not UTF-8");
    let rows = b"email,profile\nann@example.org,\nben@example.org,\"{\"\"a\"\":\"\"hush\xff\"\"}\"\nhush\xff@example.org,{}\ncid@example.org,{}\n";
    let listed = read("csv", rows).unwrap();
    let reasons: Vec<_> =
        listed.iter().map(|listed| listed.candidate.account.as_ref().map(|_| ()).map_err(ToString::to_string)).collect();
    let not = |name: &str| Err(format!("{name} is not UTF-8"));
    assert_eq!(reasons, [Ok(()), not("profile"), not("email"), Ok(())]);
    assert_eq!(listed[2].candidate.email, "hush\u{fffd}@example.org");
    let told = fault("firebase", b"{\"users\":[{\"email\":\"ann@example.org\"},{\"email\":\"hush\xff@example.org\"}]}");
    assert!(told.contains("invalid unicode code point at line 1") && !told.contains("hush"), "{told}");
    let utf16: Vec<u8> = "email\nann@example.org\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(fault("csv", [b"\xff\xfe".to_vec(), utf16].concat()).contains("not UTF-8"));
}

#[test]
fn byte_order_marks_and_ends_of_lines_are_no_matter() {
    for name in ["auth0", "firebase", "keycloak", "django", "gotrue", "csv"] {
        let (_, file, expected) = FILES.into_iter().find(|file| file.0 == name).unwrap();
        let odd = format!("\u{feff}{}", file.replace("\r\n", "\n").replace('\n', "\r\n"));
        assert_eq!(shown(name, odd).concat(), expected, "{name}");
    }
}

#[test]
fn rows_of_a_csv_are_counted_whatever_is_quoted() {
    let file = "email,profile\r\nann@example.org,\"{\r\n\"\"a\"\":\r\n1}\"\r\n\"ben@example.org\",\r\ncid@example.org\r\ndan@example.org,,\r\n";
    let listed = read("csv", file).unwrap();
    let told: Vec<_> = listed.iter().map(|one| (one.candidate.number.as_str(), one.candidate.account.is_ok())).collect();
    assert_eq!(told, [("2", true), ("3", true), ("4", false), ("5", false)]);
    assert!(in_words(&listed[2]).contains("it has 1 fields, and the first row names 2"));
}

#[test]
fn a_quote_that_is_missing_is_found_before_all_memory_is_full() {
    let row = "ann@example.org,\n".repeat(100_000);
    let told = fault("csv", format!("email,profile\nben@example.org,\"{{\n{row}"));
    assert!(told.contains("row 2 has more than 1048576 bytes; is a quote missing?"), "{told}");
    // So many rows are fine.
    assert_eq!(read("csv", format!("email,profile\n{row}")).unwrap().len(), 100_000);
}

#[test]
fn a_line_beyond_measure_is_passed_over() {
    let long = format!(r#"{{"email":"ann@example.org","user_metadata":{{"a":"{}"}}}}"#, "x".repeat(1 << 20));
    assert_eq!(reason("auth0", format!("{long}\n{{\"email\":\"ben@example.org\"}}\n")), "a line of more than 1048576 bytes");
    let address = "x".repeat(10_000);
    let listed = read("auth0", format!(r#"{{"email":"{address}"}}"#)).unwrap();
    assert_eq!(listed[0].candidate.email.len(), 320);
}

#[test]
fn an_id_has_one_spelling_here_and_what_is_none_is_kept_aside() {
    let id = |id: &str| shown("csv", format!("email,id\nann@example.org,{id}\n")).concat();
    let uuid = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    assert!(id(uuid).contains(&format!("  id {uuid}\n")));
    assert!(id(&uuid.to_uppercase()).contains(&format!("  id {uuid}\n")));
    for other in ["17", &uuid.replace('-', ""), &format!("{{{uuid}}}"), &format!("urn:uuid:{uuid}")] {
        assert!(id(other).contains(&format!(r#"  attributes {{"previous_id":"{other}"}}"#)), "{}", id(other));
    }
}
