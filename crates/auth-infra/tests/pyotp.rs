//! pyotp takes the secrets of authenticator apps from our URIs, and both judge its codes alike.
#![expect(clippy::unwrap_used, reason = "an exchange that fails, fails its test")]

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use auth_domain::{
    factors::{factor::FactorId, ports::TotpCodec, totp::TimeStep},
    testkit::samples::{email, id},
};
use auth_infra::{encryption::EncryptionKeys, totp::Totp};
use chrono::DateTime;
use serde_json::{Value, json};

/// Each second around the borders of steps, and some of every hundred days until 2106.
fn times() -> Vec<i64> {
    let borders = (-31..=31).map(|second| 1_767_323_040 + second);
    borders.chain((0..500).map(|number| 149 + number * 8_640_007)).collect()
}

/// What pyotp answers. `PYTHON` names another interpreter than `python3`.
fn asked(lines: &str) -> Vec<Value> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let mut child = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pyotp_exchange.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|fault| panic!("{python} does not start ({fault}): set PYTHON"));
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{python} failed: pip install pyotp==2.12.1");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
#[ignore = "needs pyotp: just test-all"]
fn pyotp_reads_our_uris_and_judges_codes_as_we_do() {
    let keys: Arc<EncryptionKeys> = Arc::new("a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().unwrap());
    let names = [
        ("Example", "ann@example.org"),
        ("Beispiel & Söhne", "josé+1@example.org"),
        ("localhost:8000", "o'hara@example.org"),
        ("a/b?c#d%e=f", "名前@example.org"),
    ];
    let factors: Vec<_> = names
        .map(|(issuer, address)| {
            let (totp, factor) = (Totp { keys: keys.clone(), issuer: issuer.to_owned() }, FactorId(id()));
            let new = totp.make(factor, &email(address)).unwrap();
            (totp, factor, address, new)
        })
        .into();
    let lines: String = factors.iter().map(|(.., new)| format!("{}\n", json!({ "uri": new.uri, "times": times() }))).collect();
    let answers = asked(&lines);
    assert_eq!(answers.len(), factors.len());
    for ((totp, factor, address, new), answer) in factors.iter().zip(answers) {
        let said = ["name", "issuer", "secret", "digits", "interval", "digest"].map(|member| answer[member].clone());
        let issuer = totp.issuer.replace(':', "_");
        assert_eq!(said, [json!(address), json!(issuer), json!(new.secret), json!(6), json!(30), json!("sha1")]);
        for (index, time) in times().into_iter().enumerate() {
            let code = answer["codes"][index].as_str().unwrap();
            for (offset, verdict) in
                answer["offsets"].as_array().unwrap().iter().zip(answer["verdicts"][index].as_array().unwrap())
            {
                let now = DateTime::from_timestamp_secs(time + offset.as_i64().unwrap()).unwrap();
                let ours = totp.step_of(*factor, &new.encrypted, code, now).unwrap();
                assert_eq!(ours.is_some(), verdict.as_bool().unwrap(), "{code} of {time} at {now}");
                let current = TimeStep::at(now).0;
                assert!(ours.is_none_or(|step| (current - 1..=current + 1).contains(&step.0)), "{ours:?} at {now}");
            }
        }
    }
}
