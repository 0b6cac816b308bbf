//! Password hashes cross over to passlib and back.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use auth_domain::{
    identity::password_hash::PasswordHash,
    passwords::{policy::PasswordAttempt, ports::PasswordHasher},
};
use auth_infra::hashing::{BcryptHasher, HasherOptions};

/// `PYTHON` names another interpreter than `python3`.
#[tokio::test]
#[ignore = "needs passlib: just test-all"]
async fn each_verifies_what_the_other_hashed() {
    let hasher = BcryptHasher::start(HasherOptions { cost: 4, workers: 1, max_wait: Duration::from_secs(60) }).unwrap();
    let passwords = [
        "Correct-Horse-1".to_owned(),
        "pässwörd-€-😀".to_owned(),
        "x".repeat(71),
        "x".repeat(69) + "é",
        "x".repeat(72),
        "x".repeat(73),
        "x".repeat(70) + "é",
        "y".repeat(100),
        "Zz1!".repeat(32),
        "😀".repeat(128),
    ];
    let mut input = String::new();
    for password in &passwords {
        let hash = hasher.hash(hasher.admit().unwrap(), PasswordAttempt::new(password.clone()).proven()).await.unwrap();
        let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
        input += &format!("{hex} {}\n", hash.expose());
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/passlib_exchange.py");
    let mut child = Command::new(&python)
        .args([script, "exchange"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|fault| panic!("{python} does not start ({fault}): set PYTHON"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{python} failed: pip install passlib==1.7.4 bcrypt==4.0.1");
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<(&str, &str)> = answers.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(answers.len(), passwords.len());
    for (password, (verified, theirs)) in passwords.iter().zip(answers) {
        assert_eq!(verified, "true", "passlib refuses ours of {password}");
        let theirs = PasswordHash::new(theirs.to_owned());
        assert!(
            hasher.verify(hasher.admit().unwrap(), PasswordAttempt::new(password.clone()), Some(&theirs)).await.unwrap(),
            "we refuse passlib's of {password}"
        );
    }
}
