//! Files as the systems' own documents show them.

use super::*;

#[test]
fn each_record_becomes_an_account_or_a_reason() {
    for (name, file, expected) in FILES {
        let read = shown(name, file).concat();
        assert_eq!(read, expected, "{name}:\n{read}");
    }
}

#[test]
fn a_list_of_auth0_is_told_how_to_become_lines() {
    let told = fault("auth0", r#"[{"email":"ann@example.org"}]"#);
    assert!(told.contains("one JSON object a line") && told.contains("jq -c '.[]'"), "{told}");
}

#[test]
fn auth0s_own_imports_of_other_hashes_are_read_where_they_can_be_verified() {
    let hash = |custom: &str| {
        let line = format!(r#"{{"email":"ann@example.org","custom_password_hash":{custom}}}"#);
        let listed = read("auth0", line).unwrap();
        listed[0]
            .candidate
            .account
            .as_ref()
            .map(|account| account.password.as_ref().unwrap().expose().to_owned())
            .map_err(ToString::to_string)
    };
    assert_eq!(hash(r#"{"algorithm":"bcrypt","hash":{"value":"$2b$10$x"}}"#).as_deref(), Ok("$2b$10$x"));
    assert_eq!(hash(r#"{"algorithm":"argon2","hash":{"value":"$argon2id$x"}}"#).as_deref(), Ok("$argon2id$x"));
    for (phc, ours) in [
        ("$pbkdf2-sha256$i=1000,l=32$c2FsdA$aGFzaA", "$pbkdf2-sha256$1000$c2FsdA$aGFzaA"),
        ("$pbkdf2-sha1$l=20,i=5$c2FsdA$aGFzaA", "$pbkdf2$5$c2FsdA$aGFzaA"),
    ] {
        let custom = format!(r#"{{"algorithm":"pbkdf2","hash":{{"value":"{phc}","encoding":"utf8"}}}}"#);
        assert_eq!(hash(&custom).as_deref(), Ok(ours));
    }
    for (custom, why) in [
        (r#"{"algorithm":"md5","hash":{"value":"hush","encoding":"hex"}}"#, "an encoding of its own"),
        (r#"{"algorithm":"sha256","hash":{"value":"hush"}}"#, "another algorithm than bcrypt and pbkdf2"),
        (r#"{"algorithm":"bcrypt","hash":{"value":"hush"},"salt":{"value":"hush"}}"#, "has a salt"),
        (r#"{"algorithm":"bcrypt","hash":{"value":"hush"},"password":{"encoding":"utf16le"}}"#, "an encoding of its own"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha384$i=1$hush$hush"}}"#, "is not a PHC string of PBKDF2"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha512$l=1$hush$hush"}}"#, "is not a PHC string of PBKDF2"),
        (r#"{"algorithm":"bcrypt"}"#, "custom_password_hash.hash is not there"),
    ] {
        let told = hash(custom).unwrap_err();
        assert!(told.contains(why) && !told.contains("hush"), "{custom}: {told}");
    }
    let both = r#"{"email":"ann@example.org","passwordHash":"$2b$10$x","password_hash":"$2b$10$x"}"#;
    assert_eq!(shown("auth0", both), ["1 ann@example.org\n  refused: it has two password hashes\n"]);
}

#[test]
fn hashes_of_firebase_need_the_projects_parameters() {
    let file = r#"{"users":[{"email":"ann@example.org","passwordHash":"aGFzaA==","salt":"c2FsdA=="}]}"#;
    let fault = read_accounts(file.as_bytes(), &Format::Firebase(None), now()).map(|listed| listed.len());
    assert!(matches!(fault, Err(FileFault::HashParametersMissing)));
    let without = r#"{"users":[{"email":"ann@example.org"}]}"#;
    assert_eq!(read_accounts(without.as_bytes(), &Format::Firebase(None), now()).unwrap().len(), 1);
    for (key, separator) in [("", "Bw=="), ("hush!", "Bw=="), (SIGNER_KEY, "B$=="), (SIGNER_KEY, "Bw==,sk=AA==")] {
        assert_eq!(HashParameters::new(key.to_owned(), separator.to_owned(), 8, 14).map(|_| ()), Err(NoHashParameters));
    }
    let parameters = HashParameters::new(SIGNER_KEY.to_owned(), "Bw==".to_owned(), 8, 14).unwrap();
    assert!(!format!("{:?}", Format::Firebase(Some(parameters))).contains("jxspr8"));
}

#[test]
fn a_file_of_users_is_as_good_as_a_realm() {
    let file = r#"{"realm":"acme","users":[{"username":"ann","email":"ann@example.org"}]}"#;
    assert_eq!(shown("keycloak", file).len(), 1);
    let bcrypt = r#"{"users":[{"email":"ann@example.org","credentials":[{"type":"password","secretData":"{\"value\":\"$2y$10$x\",\"salt\":\"\"}","credentialData":"{\"hashIterations\":-1,\"algorithm\":\"bcrypt\"}"}]}]}"#;
    assert!(shown("keycloak", bcrypt)[0].contains("hash $2y$10$x"), "{:?}", shown("keycloak", bcrypt));
    let foreign = bcrypt.replace("bcrypt", "hush").replace("$2y$10$x", "hush");
    assert!(shown("keycloak", foreign)[0].contains("an algorithm that this server does not verify"));
}

#[test]
fn what_is_no_export_at_all_is_one_fault_that_says_what_was_expected() {
    for (name, file, why) in [
        ("auth0", "hush\nhush\n", "no line is a JSON object"),
        ("auth0", "\u{feff}\n17\n", "no line is a JSON object"),
        ("firebase", "[]", "there is no list `users`"),
        ("firebase", r#"{"Users":[]}"#, "there is no list `users`"),
        ("firebase", r#"{"users":{"hush":1}}"#, "there is no list `users`"),
        ("firebase", r#"{"users":[],"users":[]}"#, "or there are two"),
        ("firebase", r#"{"users":[{"hush":1}"#, "EOF while parsing a list at line 1"),
        ("firebase", r#""hush""#, "there is no list `users`"),
        ("firebase", "", "EOF while parsing"),
        ("keycloak", r#"[{"realm":"acme","users":[]}]"#, "there is no list `users`"),
        ("keycloak", r#"{"realm":"acme"}"#, "there is no list `users`"),
        ("keycloak", r#"{"users":[]} hush"#, "trailing characters at line 1"),
        ("django", r#"{"users":[]}"#, "there is no list"),
        ("django", r#"[{"model":"auth.group","pk":1,"fields":{"name":"hush"}}]"#, "no record has both `email` and `password`"),
        ("gotrue", "", "its first row does not name id, email, encrypted_password"),
        ("gotrue", "id,email\nx,hush\n", "its first row does not name encrypted_password"),
        ("csv", "", "does not name `email`"),
        ("csv", "id;email\n1;hush\n", "not with commas"),
        ("csv", "email,pasword_hash\nhush,hush\n", "the name of column 2 is none of id, email,"),
        ("csv", "email,Email\n", "names a column twice"),
    ] {
        let told = fault(name, file);
        assert!(told.starts_with("it is not ") && told.contains(why) && !told.contains("hush"), "{name} {file}: {told}");
    }
}
