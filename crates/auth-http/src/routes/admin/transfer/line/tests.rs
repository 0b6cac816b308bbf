//! What is written is read as it was; what cannot be an account is refused with every reason, and no reason says what a member says.

use auth_domain::{
    factors::{
        factor::{FactorId, FactorName},
        passkey::{Credential, CredentialId, Passkey},
        totp::{TimeStep, TotpFactor},
    },
    identity::{document::Document, encrypted::Encrypted, role::Roles},
};
use chrono::TimeDelta;
use proptest::{option, prelude::*, sample};
use serde_json::json;

use super::*;

fn read_back(record: &AccountRecord) -> (String, Arrival) {
    let mut text = Vec::new();
    write(record, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    let Candidate { number, email, account } = read(7, line.as_bytes());
    assert_eq!((number.as_str(), email.as_str()), ("7", record.user.email.as_str()));
    (line.to_owned(), *account.unwrap_or_else(|refusal| panic!("{refusal}: {line}")))
}

/// What an account arrives as that was sent whole.
fn sent(record: &AccountRecord) -> Arrival {
    let user = record.user.clone();
    Arrival {
        id: Some(user.id),
        password: user.password.clone(),
        activity: match user.state {
            AccountState::Active => Activity::Active,
            AccountState::Disabled { since } => Activity::Disabled(Some(since)),
        },
        verification: match user.email_verified_at {
            None => Verification::No,
            since @ Some(_) => Verification::Yes(since),
        },
        created_at: Some(user.created_at),
        updated_at: Some(user.changed_at()),
        last_login_at: user.last_login_at,
        language: user.language,
        roles: user.roles,
        profile: user.profile,
        attributes: user.attributes,
        totp: record.totp.clone(),
        passkeys: record.passkeys.clone(),
        recovery_codes: record.recovery_codes.clone(),
        recovery_codes_made_at: record.recovery_codes_made_at,
        ..Arrival::of(user.email)
    }
}

fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

fn factor(number: u128) -> FactorId {
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]).parse().unwrap()
}

fn times() -> impl Strategy<Value = DateTime<Utc>> {
    // From the year 1000 to 9999.
    (-30_610_224_000_000_000_i64..253_402_300_799_999_999).prop_map(at)
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..20).prop_map(|letters| letters.into_iter().collect())
}

fn documents() -> impl Strategy<Value = Document> {
    let number = any::<f64>().prop_filter("JSON has no others", |number| number.is_finite());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number.prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 10, 3, |value| {
        let list = prop::collection::vec(value.clone(), 0..3).prop_map(Value::from);
        list.boxed().prop_union(prop::collection::vec((texts(), value), 0..3).prop_map(object).boxed())
    });
    prop::collection::vec((texts(), value), 0..4).prop_map(|members| {
        let Value::Object(members) = object(members) else { unreachable!() };
        Document::of(members).unwrap()
    })
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect())
}

fn names() -> impl Strategy<Value = FactorName> {
    texts().prop_filter_map("no name", |text| text.parse::<FactorName>().into_iter().next())
}

fn apps() -> impl Strategy<Value = TotpFactor> {
    (any::<u128>(), names(), "[a-z]{1,8}", "[A-Za-z0-9_-]{0,40}", times(), times(), any::<i64>(), option::of(times())).prop_map(
        |(id, name, with, text, created_at, confirmed_at, step, last_used_at)| TotpFactor {
            id: factor(id),
            user: UserId(factor(id).0),
            name,
            secret: Encrypted { with, text },
            created_at,
            confirmed_at: Some(confirmed_at),
            last_step: TimeStep(step),
            last_used_at,
        },
    )
}

fn passkeys() -> impl Strategy<Value = Passkey> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 1..most);
    let credential = (
        bytes(1024),
        bytes(200),
        any::<u32>(),
        any::<(bool, bool)>(),
        any::<u128>(),
        sample::subsequence(vec!["usb", "nfc", "ble", "smart-card", "hybrid", "internal"], 0..6),
    )
        .prop_map(|(id, public_key, counter, (backup_eligible, backed_up), aaguid, transports)| Credential {
            id: CredentialId::new(id).unwrap(),
            public_key,
            counter,
            backup_eligible,
            backed_up,
            aaguid: factor(aaguid).0,
            transports: transports.into_iter().map(str::to_owned).collect(),
        });
    (any::<u128>(), names(), credential, times(), option::of(times())).prop_map(
        |(id, name, credential, created_at, last_used_at)| Passkey {
            id: factor(id),
            user: UserId(factor(id).0),
            name,
            credential,
            created_at,
            last_used_at,
        },
    )
}

fn roles_of() -> impl Strategy<Value = Roles> {
    sample::subsequence(vec!["admin", "a", "staff:x", "z9_.-"], 0..4).prop_map(|names| names.join(" ").parse().unwrap())
}

fn users() -> impl Strategy<Value = User> {
    let texts = (any::<u128>(), "[a-z0-9]{1,10}", option::of("[ -~]{0,80}"), roles_of(), documents(), documents());
    let options = (
        option::of(times()),
        option::of(times()),
        option::of(times()),
        option::of(times()),
        option::of(sample::select(&Language::ALL[..])),
    );
    (texts, times(), times(), options).prop_map(
        |(
            (id, name, password, roles, profile, attributes),
            created_at,
            updated_at,
            (off, verified, login, described, language),
        )| {
            let email = format!("{name}@example.org").parse().unwrap();
            User {
                state: off.map_or(AccountState::Active, |since| AccountState::Disabled { since }),
                created_at,
                updated_at,
                email_verified_at: verified,
                last_login_at: login,
                described_at: described,
                language,
                roles,
                profile,
                attributes,
                ..User::new(UserId(factor(id).0), email, password.map(PasswordHash::new), created_at)
            }
        },
    )
}

fn records() -> impl Strategy<Value = AccountRecord> {
    let codes = prop::collection::btree_set(any::<u128>(), 0..10);
    (users(), prop::collection::vec(apps(), 0..4), prop::collection::vec(passkeys(), 0..4), codes, times()).prop_map(
        |(user, mut totp, mut passkeys, codes, made_at)| {
            totp.iter_mut().for_each(|app| app.user = user.id);
            passkeys.iter_mut().for_each(|passkey| passkey.user = user.id);
            totp.sort_by_key(|app| (app.created_at, app.id));
            passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
            let with_factors = !(totp.is_empty() && passkeys.is_empty());
            let codes = codes.into_iter().filter(|_| with_factors);
            let recovery_codes: Vec<_> = codes.map(|code| RecoveryCodeDigest(format!("{code:064x}"))).collect();
            let recovery_codes_made_at = (!recovery_codes.is_empty()).then_some(made_at);
            AccountRecord { user, totp, passkeys, recovery_codes, recovery_codes_made_at }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_as_it_was(record in records()) {
        let (_, arrival) = read_back(&record);
        prop_assert_eq!(arrival, sent(&record));
    }

    #[test]
    fn no_line_stops_the_program(line in prop::collection::vec(any::<u8>(), 0..200), text in texts()) {
        let _candidate = read(1, &line);
        let _candidate = read(1, json!({ "email": text, "factors": [{ "type": text }], "identities": text }).to_string().as_bytes());
    }
}

fn ann() -> AccountRecord {
    let id = UserId(factor(1).0);
    let email: Email = "ann@example.org".parse().unwrap();
    let now = at(1_767_323_045_678_901);
    let app = TotpFactor {
        id: factor(2),
        user: id,
        name: "Phone".parse().unwrap(),
        secret: Encrypted { with: "a".to_owned(), text: "sealed".to_owned() },
        created_at: now,
        confirmed_at: Some(now),
        last_step: TimeStep(58_910_768),
        last_used_at: None,
    };
    let passkey = Passkey {
        id: factor(3),
        user: id,
        name: "Laptop".parse().unwrap(),
        credential: Credential {
            id: CredentialId::new(vec![0, 255]).unwrap(),
            public_key: vec![0xA5, 1],
            counter: 4_294_967_295,
            backup_eligible: true,
            backed_up: false,
            aaguid: factor(0).0,
            transports: vec!["usb".to_owned()],
        },
        created_at: now - TimeDelta::seconds(1),
        last_used_at: Some(now),
    };
    let user = User {
        state: AccountState::Disabled { since: now },
        described_at: Some(now + TimeDelta::seconds(1)),
        ..User::new(id, email, PasswordHash::new("$2b$12$hash".to_owned()), now)
    };
    let recovery_codes = vec![RecoveryCodeDigest("0".repeat(64))];
    AccountRecord { user, totp: vec![app], passkeys: vec![passkey], recovery_codes, recovery_codes_made_at: Some(now) }
}

#[test]
fn a_line_has_its_members_in_one_order() {
    let (line, _) = read_back(&ann());
    let expected = concat!(
        r#"{"id":"00000000-0000-0000-0000-000000000001","email":"ann@example.org","email_verified":false,"email_verified_at":null,"#,
        r#""created_at":"2026-01-02T03:04:05.678901Z","updated_at":"2026-01-02T03:04:06.678901Z","last_login_at":null,"#,
        r#""disabled":true,"disabled_at":"2026-01-02T03:04:05.678901Z","language":null,"roles":[],"profile":{},"attributes":{},"#,
        r#""has_password":true,"password_hash":"$2b$12$hash","factors":["#,
        r#"{"id":"00000000-0000-0000-0000-000000000003","type":"passkey","name":"Laptop","#,
        r#""created_at":"2026-01-02T03:04:04.678901Z","last_used_at":"2026-01-02T03:04:05.678901Z","credential_id":"AP8","#,
        r#""public_key":"pQE","counter":4294967295,"backup_eligible":true,"backed_up":false,"#,
        r#""aaguid":"00000000-0000-0000-0000-000000000000","transports":["usb"]},"#,
        r#"{"id":"00000000-0000-0000-0000-000000000002","type":"totp","name":"Phone","#,
        r#""created_at":"2026-01-02T03:04:05.678901Z","last_used_at":null,"encrypted_with":"a","encrypted_text":"sealed","#,
        r#""last_step":58910768,"confirmed_at":"2026-01-02T03:04:05.678901Z"}],"#,
        r#""recovery_codes":["0000000000000000000000000000000000000000000000000000000000000000"],"#,
        r#""recovery_codes_made_at":"2026-01-02T03:04:05.678901Z","identities":[]}"#,
    );
    assert_eq!(line, expected);
}

#[test]
fn all_but_the_address_may_be_missing_or_null() {
    let account = |line: &str| *read(1, line.as_bytes()).account.unwrap();
    let ann = Arrival::of("ann@example.org".parse().unwrap());
    assert_eq!(account(r#"{"email":" Ann@Example.org"}"#), ann);
    let names = ["id", "password_hash", "email_verified_at", "created_at", "updated_at", "last_login_at", "disabled_at"];
    let more = [
        "language",
        "roles",
        "profile",
        "attributes",
        "factors",
        "recovery_codes",
        "recovery_codes_made_at",
        "identities",
        "has_password",
    ];
    let mut line = json!({ "email": "ann@example.org" });
    names.iter().chain(&more).for_each(|name| line[name] = Value::Null);
    assert_eq!(account(&line.to_string()), ann);
}

#[test]
fn a_time_alone_says_what_began_then() {
    let account = |line: Value| *read(1, line.to_string().as_bytes()).account.unwrap();
    let (email, time) = ("ann@example.org", "2026-03-01T13:00:00.1234567+01:00");
    let since = Some("2026-03-01T12:00:00.123456Z".parse().unwrap());
    let both = account(json!({ "email": email, "email_verified_at": time, "disabled_at": time }));
    assert_eq!((both.verification, both.activity), (Verification::Yes(since), Activity::Disabled(since)));
    let bare = account(json!({ "email": email, "email_verified": true, "disabled": true }));
    assert_eq!((bare.verification, bare.activity), (Verification::Yes(None), Activity::Disabled(None)));
}

/// Why a line is refused.
fn refusal(line: &[u8]) -> String {
    match read(1, line).account {
        Err(Refusal::Unreadable(reason)) => reason,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for (line, reason) in [
        (&b"\xff{}"[..], "is not UTF-8"),
        (b"{\"email\":\"\xed\xa0\x80\"}", "is not UTF-8"),
        ("\u{feff}{}".as_bytes(), "has a byte order mark, which only the first line may have"),
        (br#"{"email":"a@example.org","email":"b@example.org"}"#, "has a member twice, at column 32"),
        (br#"{"email":"a@example.org","profile":{"a":1,"a":1}}"#, "has a member twice, at column 45"),
        (b"[]", "is no JSON object"),
        (b"null", "is no JSON object"),
        (br#""hunter2""#, "is no JSON object"),
        (b"{", "is not valid JSON: EOF while parsing an object at column 1"),
        (b"{}{}", "is not valid JSON: trailing characters at column 3"),
        (b"email,id", "is not valid JSON: expected value at column 1"),
        (
            b"{\"email\":\"a\0\"}",
            "is not valid JSON: control character (\\u0000-\\u001F) found while parsing a string at column 12",
        ),
        (br#"{"email":"\ud800"}"#, "is not valid JSON: unexpected end of hex escape at column 17"),
        (br#"{"profile":{"a":1e999}}"#, "is not valid JSON: number out of range at column 21"),
    ] {
        assert_eq!(refusal(line), reason, "{}", String::from_utf8_lossy(line));
    }
    let deep = format!(r#"{{"email":"a@example.org","profile":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    assert!(refusal(deep.as_bytes()).starts_with("is not valid JSON: recursion limit exceeded"));
}

/// Why a line is refused that is good but for these members.
fn refused(members: Value) -> String {
    let Value::Object(members) = members else { unreachable!() };
    let (line, _) = read_back(&ann());
    let mut line: Value = line.parse().unwrap();
    for (name, value) in members {
        match name.split_once('.') {
            Some((place, name)) => line["factors"][place.parse::<usize>().unwrap()][name] = value,
            None => line[name] = value,
        }
    }
    refusal(line.to_string().as_bytes())
}

#[test]
fn what_is_wrong_with_a_member_is_told_by_its_path() {
    let (text, time) = ("must be a string", "must be a time as in RFC 3339, such as 2026-03-01T12:00:00Z");
    let id = "must be a UUID in lower case with hyphens";
    for (members, reason) in [
        (json!({ "email": null }), format!("`email` {text}")),
        (json!({ "email": "ann" }), "`email` must be an e-mail address".to_owned()),
        (json!({ "id": "0" }), format!("`id` {id}")),
        (json!({ "id": null }), "`id` is required where there are factors, which are bound to it".to_owned()),
        (json!({ "password_hash": 1 }), format!("`password_hash` {text}")),
        (json!({ "created_at": "2026-03-01" }), format!("`created_at` {time}")),
        (json!({ "disabled": false }), "`disabled_at` does not go with a `disabled` of false".to_owned()),
        (json!({ "email_verified": "yes" }), "`email_verified` must be true or false".to_owned()),
        (json!({ "language": "xx" }), "`language` must be en, de, fr, es or zh".to_owned()),
        (json!({ "roles": "admin" }), "`roles` must be a list of strings".to_owned()),
        (json!({ "profile": [] }), "`profile` must be an object".to_owned()),
        (json!({ "__proto__": {} }), "`__proto__` is no member of an account".to_owned()),
        (json!({ "password": "hunter2" }), "`password` is no member of an account".to_owned()),
        (
            json!({ "identities": [{ "issuer": "x" }] }),
            "`identities` must be empty: this release has no logins by other providers".to_owned(),
        ),
        (json!({ "identities": {} }), "`identities` must be empty: this release has no logins by other providers".to_owned()),
        (json!({ "factors": {} }), "`factors` must be a list of objects".to_owned()),
        (json!({ "factors": [1] }), "`factors[0]` must be an object".to_owned()),
        (json!({ "factors": [] }), "`recovery_codes` stand in for a factor, and there is none".to_owned()),
        (json!({ "recovery_codes": ["x"] }), "`recovery_codes` must be SHA-256 in lower-case hexadecimal".to_owned()),
        (json!({ "recovery_codes": ["0".repeat(64), "0".repeat(64)] }), "`recovery_codes` must not have one twice".to_owned()),
        (json!({ "0.type": "sms" }), "`factors[0].type` must be totp or passkey".to_owned()),
        (json!({ "0.id": "00000000-0000-0000-0000-000000000002" }), "`factors` must not have one twice".to_owned()),
        (json!({ "0.counter": -1 }), "`factors[0].counter` is out of range".to_owned()),
        (json!({ "0.counter": 1.5 }), "`factors[0].counter` must be a whole number".to_owned()),
        (json!({ "0.counter": 4_294_967_296_i64 }), "`factors[0].counter` is out of range".to_owned()),
        (json!({ "0.credential_id": "" }), "`factors[0].credential_id` must have 1 to 1023 bytes".to_owned()),
        (json!({ "0.credential_id": "=" }), "`factors[0].credential_id` must be base64url without padding".to_owned()),
        (json!({ "0.public_key": "" }), "`factors[0].public_key` must have 1 to 1536 bytes".to_owned()),
        (json!({ "0.aaguid": "x" }), format!("`factors[0].aaguid` {id}")),
        (json!({ "0.backed_up": null }), "`factors[0].backed_up` must be true or false".to_owned()),
        (json!({ "0.transports": ["a b"] }), "`factors[0].transports` must be names, of 255 characters in all".to_owned()),
        (json!({ "0.last_step": 1 }), "`factors[0].last_step` is no member of such a factor".to_owned()),
        (json!({ "1.last_step": u64::MAX }), "`factors[1].last_step` is out of range".to_owned()),
        (json!({ "1.confirmed_at": null }), format!("`factors[1].confirmed_at` {text}")),
        (json!({ "1.encrypted_text": 1 }), format!("`factors[1].encrypted_text` {text}")),
        (json!({ "1.secret": "hunter2" }), "`factors[1].secret` is no member of such a factor".to_owned()),
        (
            json!({ "email": 1, "roles": ["A"], "1.name": "" }),
            "`email` must be a string; `roles` must begin with a letter from a to z, followed by up to 62 of a to z, 0 to 9, _ . : -; \
             `factors[1].name` must not be empty"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(members.clone()), reason, "{members}");
    }
}

#[test]
fn no_more_is_taken_than_an_account_may_have() {
    let many = |kind: usize, count: usize| {
        let (line, _) = read_back(&ann());
        let line: Value = line.parse().unwrap();
        let one = |number: usize| {
            let mut factor = line["factors"][kind].clone();
            factor["id"] = self::factor(u128::try_from(number).unwrap() + 10).to_string().into();
            if kind == 0 {
                factor["credential_id"] = format!("AA{}{}", number / 10, number % 10).into();
            }
            factor
        };
        (0..count).map(one).collect::<Vec<_>>()
    };
    let reason = "`factors` must be at most 5 authenticator apps and 20 passkeys";
    assert_eq!(refused(json!({ "factors": many(0, 21) })), reason);
    assert_eq!(refused(json!({ "factors": many(1, 6) })), reason);
    let codes: Vec<_> = (0..11).map(|number| format!("{number:064}")).collect();
    assert_eq!(refused(json!({ "recovery_codes": codes })), "`recovery_codes` must be at most 10");
    let both = [many(0, 20), many(1, 5)].concat();
    let line = json!({ "email": "ann@example.org", "id": factor(1).to_string(), "factors": both });
    // The same ids in both lists.
    assert_eq!(refusal(line.to_string().as_bytes()), "`factors` must not have one twice");
}

#[test]
fn no_reason_says_what_a_member_says() {
    let (line, _) = read_back(&ann());
    let whole: Value = line.parse().unwrap();
    for (name, value) in whole.as_object().unwrap() {
        for wrong in [json!("hunter2"), json!(["hunter2"]), json!({ "a": "hunter2" }), json!([{ "type": "hunter2" }])] {
            let mut line = whole.clone();
            line[name] = wrong;
            if let Err(refusal) = read(1, line.to_string().as_bytes()).account {
                assert!(!refusal.to_string().contains("hunter2"), "{name} was {value}: {refusal}");
            }
        }
    }
}
