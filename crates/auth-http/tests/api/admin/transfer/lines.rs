//! What a line may be.

use serde_json::{Value, json};

use super::{import, people, start, totals};
use crate::{
    admin::users::BCRYPT,
    service::{Engine, on_every_engine},
};

const MOST: usize = 64 * 1024;

/// A good line of so many bytes.
fn of_length(email: &str, length: usize) -> Vec<u8> {
    let line = format!("{{\"email\":\"{email}\"}}");
    let room = " ".repeat(length - line.len());
    (line + &room).into_bytes()
}

/// A line with what becomes of it: an account, or a refusal for this reason; `None` is a blank one.
type Sent = (Vec<u8>, Option<Result<(), &'static str>>);

fn lines() -> Vec<Sent> {
    let good = Some(Ok(()));
    let bad = |reason| Some(Err(reason));
    let deep = format!(r#"{{"email":"f@example.org","profile":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    vec![
        (b"\xef\xbb\xbf{\"email\":\"a1@example.org\"}\r\n".to_vec(), good),
        (b"\r\n".to_vec(), None),
        (b"  \t \n".to_vec(), None),
        (b"{\"email\":\"nobody\"}\n".to_vec(), bad("`email` must be an e-mail address")),
        ([of_length("a2@example.org", MOST), b"\r\n".to_vec()].concat(), good),
        ([of_length("b@example.org", MOST + 1), b"\n".to_vec()].concat(), bad("has more than 65536 bytes")),
        ([vec![b'x'; 10_000_000], b"\n".to_vec()].concat(), bad("has more than 65536 bytes")),
        (b"{\"email\":\"c@example.org\",\"profile\":{\"a\":\"\xff\"}}\n".to_vec(), bad("is not UTF-8")),
        (b"{\"email\":\"c@example.org\",\"__proto__\":{}}\n".to_vec(), bad("`__proto__` is no member of an account")),
        ((deep + "\n").into_bytes(), bad("is not valid JSON: recursion limit exceeded")),
        (b"{\"email\":\"d@example.org\",\"email\":\"e@example.org\"}\n".to_vec(), bad("has a member twice")),
        (b"{\"email\":\"d@example.org\",\"phone\":1}\n".to_vec(), bad("`phone` is no member of an account")),
        (b"{\"email\":\"d@example.org\",\"identities\":[{}]}\n".to_vec(), bad("`identities` must be empty")),
        (
            b"{\"email\":\"d@example.org\",\"password_hash\":\"$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA\"}\n".to_vec(),
            bad("a password hash"),
        ),
        (b"[]\n".to_vec(), bad("is no JSON object")),
        (b"\n".to_vec(), None),
        (b"\xef\xbb\xbf{\"email\":\"d@example.org\"}\n".to_vec(), bad("has a byte order mark")),
        (format!("{{\"email\":\"a3@example.org\",\"password_hash\":\"{BCRYPT}\"}}\n").into_bytes(), good),
        (b"{\"email\":\"A3@example.org\"}\n".to_vec(), Some(Err("already_there"))),
        // Nothing ends the last one.
        (b"{\"email\":\"a4@example.org\"}".to_vec(), good),
    ]
}

fn is_as_expected(result: &Value, number: usize, expected: Result<(), &str>) {
    assert_eq!(result["line"], number, "{result}");
    match expected {
        Ok(()) => {
            assert!(result["result"] == "imported" && result["id"].is_string() && result.get("reason").is_none(), "{result}")
        }
        Err("already_there") => assert_eq!(*result, json!({ "line": number, "result": "already_there" })),
        Err(reason) => {
            assert!(result["result"] == "refused" && result.get("id").is_none(), "{result}");
            assert!(result["reason"].as_str().unwrap().starts_with(reason), "{result}");
        }
    }
}

on_every_engine! {
    async fn a_wrong_line_is_told_with_its_number_and_the_others_go_on(engine) {
        let (service, token) = start(engine, &[]).await;
        let file: Vec<u8> = lines().into_iter().flat_map(|(line, _)| line).collect();
        let results = import(&service, &token, "", file).await;
        let expected: Vec<_> = lines().into_iter().enumerate().filter_map(|(at, (_, fate))| fate.map(|fate| (at + 1, fate))).collect();
        assert_eq!(results.len(), expected.len() + 1, "{results:?}");
        for (result, (number, fate)) in results.iter().zip(&expected) {
            is_as_expected(result, *number, *fate);
        }
        assert_eq!(results.last(), Some(&totals(17, 4, 1, 12)));
        assert_eq!(people(&service), 4);
        // No line of somebody's file is in the log.
        let log = service.log_text();
        assert!(!log.contains("phone") && !log.contains(BCRYPT), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_and_a_factor_belong_to_one_account() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let ann = service.enrol("ann@example.org").await;
    let mut line: Value = super::export(&service, &token).await.parse().unwrap();
    line["email"] = json!("ben@example.org");
    let same_id = import(&service, &token, "", line.to_string()).await;
    assert_eq!(same_id[0], json!({ "line": 1, "result": "refused", "reason": "another account has its id" }));
    line["id"] = json!("01900000-0000-7000-8000-000000000001");
    let same_factor = import(&service, &token, "", line.to_string()).await;
    assert_eq!(same_factor[0]["result"], "refused", "{same_factor:?}");
    service.login_with("ann@example.org", &ann.app).await;
}
