//! What an operator does with keys, and what becomes of encryption keys.

use std::{fs, sync::Arc};

use reqwest::Method;
use serde_json::Value;

use super::{borrowed, configured, encryption, keys, kid, published, server, signed_by_another};
use crate::{
    service::{Answer, Engine, Service, TestDatabase, command, eventually},
    sessions::tokens::part,
};

/// RFC 8410 section 10.3, in one line more than it needs.
const ED25519: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

async fn eddsa() -> (Arc<TestDatabase>, Service) {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "EdDSA", &[]).await;
    (database, service)
}

fn refused(database: &TestDatabase, algorithm: &str, overrides: &[(&'static str, &str)], arguments: &[&str]) -> String {
    let (code, _, fault) = command(database, &borrowed(&configured(algorithm, overrides)), arguments, "");
    assert_eq!(code, 1, "{fault}");
    fault
}

#[tokio::test]
async fn a_key_from_elsewhere_is_published_then_signs_and_its_private_half_is_nowhere() {
    let (database, service) = eddsa().await;
    let tokens = service.register("ann@example.org").await;
    let file = database.folder().join("key.pem");
    fs::write(&file, ED25519).unwrap();
    let imported = keys(&database, "EdDSA", &["import", file.to_str().unwrap(), "--at-once"]);
    let next = signed_by_another(&service, &kid(tokens.access())).await;
    assert_eq!(kid(next.access()), imported[0]["kid"].as_str().unwrap());
    let told = refused(&database, "EdDSA", &[], &["keys", "import", file.to_str().unwrap()]);
    assert!(told.contains("there already"), "{told}");
    assert_eq!(keys(&database, "EdDSA", &["export-public"])["keys"].as_array().unwrap().len(), 2);
    assert_eq!(published(&service).await.keys.len(), 2);
    let secret = b"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp";
    for entry in fs::read_dir(database.folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| *path != file) {
        let bytes = fs::read(&entry).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{}", entry.display());
    }
    assert!(!service.log_text().contains("PRIVATE KEY"));
}

#[tokio::test]
async fn whoever_revokes_a_key_and_its_successor_is_left_with_one_that_signs() {
    let (database, service) = eddsa().await;
    let first = kid(service.register("ann@example.org").await.access());
    let next = keys(&database, "EdDSA", &["rotate"])[0]["kid"].as_str().unwrap().to_owned();
    for key in [&first, &next] {
        let _told = keys(&database, "EdDSA", &["revoke", key]);
    }
    let all = keys(&database, "EdDSA", &["list"]);
    let last = all.as_array().unwrap().last().unwrap()["kid"].as_str().unwrap().to_owned();
    assert!(![&first, &next].contains(&&last), "{all}");
    let signed = async || {
        let login = service.login("ann@example.org").await;
        assert_eq!((login.status, part(login.access(), 0)["alg"].as_str()), (200, Some("EdDSA")));
        assert_eq!(service.get("/health/ready").await.status, 200);
        kid(login.access())
    };
    eventually(signed, |key| *key == last).await;
}

#[tokio::test]
async fn a_server_left_behind_by_one_with_the_secret_makes_a_key_and_both_take_each_others_tokens() {
    let (database, service) = eddsa().await;
    let first = kid(service.register("ann@example.org").await.access());
    let secret = Service::on(database.clone(), &[("JWT_ISSUER", crate::signing_keys::keys::ISSUER)]).await;
    let signed = async || {
        let login = service.login("ann@example.org").await;
        if login.status == 503 {
            return login;
        }
        assert_eq!((login.status, part(login.access(), 0)["alg"].as_str()), (200, Some("EdDSA")), "never with the secret");
        login
    };
    let login = eventually(signed, |login| login.status == 200 && kid(login.access()) != first).await;
    assert_eq!(secret.me(login.access()).await.status, 200);
    let login = secret.login("ann@example.org").await;
    assert_eq!(part(login.access(), 0)["alg"], "HS256");
    assert_eq!(service.me(login.access()).await.status, 200);
}

#[tokio::test]
async fn each_step_is_in_the_audit_trail() {
    let (database, service) = eddsa().await;
    let tokens = service.register("ann@example.org").await;
    let key = kid(tokens.access());
    let _next = keys(&database, "EdDSA", &["revoke", &key]);
    assert_eq!(service.me(tokens.access()).await.status, 200, "out of use, and what it signed counts");
    let (_, told, _) = command(&database, &[], &["audit", "list", "--json"], "");
    for event in ["key_created", "key_retired"] {
        assert!(told.contains(event), "{told}");
    }
    assert!(told.contains(&key), "{told}");
}

#[tokio::test]
async fn what_cannot_be_done_is_told() {
    let (database, _service) = eddsa().await;
    for (algorithm, arguments, expected) in [
        ("EdDSA", &["keys", "revoke", "unknown"][..], "no such key"),
        ("EdDSA", &["keys", "import", "/nowhere.pem"], "cannot be read"),
        ("EdDSA", &["keys", "import", "-"], "is not a private key in PKCS#8"),
        ("HS256", &["keys", "rotate"], "JWT_ALGORITHM is HS256"),
    ] {
        let told = refused(&database, algorithm, &[], arguments);
        assert!(told.contains(expected), "{told}");
    }
    let file = database.folder().join("key.pem");
    fs::write(&file, ED25519).unwrap();
    let told = refused(&database, "ES256", &[], &["keys", "import", file.to_str().unwrap()]);
    assert!(told.contains("is for EdDSA, and JWT_ALGORITHM is ES256"), "{told}");
}

#[tokio::test]
async fn an_encryption_key_can_follow_another() {
    let (database, service) = eddsa().await;
    let tokens = service.register("ann@example.org").await;
    let both = format!("{},{}", encryption("k2", 2), encryption("k1", 1));
    let second = server(&database, "EdDSA", &[("KEY_ENCRYPTION_KEY", &both)]).await;
    assert_eq!(keys(&database, "EdDSA", &["list"])[0]["sealed_with"], "k2");
    // The first has opened the key and heard since that it is sealed otherwise.
    for service in [&service, &second] {
        assert_eq!(service.me(service.login("ann@example.org").await.access()).await.status, 200);
    }
    let third = server(&database, "EdDSA", &[("KEY_ENCRYPTION_KEY", &encryption("k2", 2))]).await;
    assert_eq!(third.me(tokens.access()).await.status, 200);
    assert_eq!(kid(third.login("ann@example.org").await.access()), kid(tokens.access()));
}

#[tokio::test]
async fn without_its_encryption_key_a_server_does_not_start_and_the_way_out_is_a_new_key() {
    let (database, service) = eddsa().await;
    let tokens = service.register("ann@example.org").await;
    drop(service);
    let lost = encryption("other", 9);
    let variables = [("KEY_ENCRYPTION_KEY", lost.as_str())];
    for command in ["check", "serve"] {
        let told = refused(&database, "EdDSA", &variables, &[command]);
        assert!(
            told.contains(&kid(tokens.access())) && told.contains("`k1`") && told.contains("keys rotate --at-once"),
            "{told}"
        );
    }
    let (code, _, fault) = command(&database, &borrowed(&configured("EdDSA", &variables)), &["keys", "rotate", "--at-once"], "");
    assert_eq!(code, 0, "{fault}");
    let (code, told, fault) = command(&database, &borrowed(&configured("EdDSA", &variables)), &["check"], "");
    assert!(code == 0 && told.contains("signs access tokens (EdDSA)"), "{told}{fault}");
    let service = server(&database, "EdDSA", &variables).await;
    assert_eq!(service.me(tokens.access()).await.status, 200, "its public half is not encrypted");
    assert_eq!(service.login("ann@example.org").await.status, 200);
}

/// As `docs/deployment.md` says of a restore, and what it says is to be done.
#[tokio::test]
async fn a_restore_revives_a_compromised_key_and_a_removed_client_until_both_go_again() {
    let (database, service) = eddsa().await;
    let tokens = service.register("ann@example.org").await;
    let settings = configured("EdDSA", &[]);
    let run = |database: &TestDatabase, arguments: &[&str]| {
        let (code, out, fault) = command(database, &borrowed(&settings), arguments, "");
        assert_eq!(code, 0, "{arguments:?}: {fault}");
        out
    };
    let client: Value = serde_json::from_str(&run(&database, &["clients", "add", "Orders", "--json"])).unwrap();
    let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let asks = async |service: &Service| {
        let question = service.request(Method::POST, "/oauth/introspect").basic_auth(id, Some(secret));
        Answer::of(question.form(&[("token", tokens.access())])).await.status
    };
    let restored = Arc::new(TestDatabase::create(Engine::Sqlite));
    database.execute(&format!("VACUUM INTO '{}'", restored.folder().join("auth.db").display()));
    let forget = |database: &TestDatabase| {
        run(database, &["keys", "revoke", &kid(tokens.access()), "--compromised"]);
        run(database, &["clients", "remove", id]);
    };
    forget(&database);
    eventually(async || service.me(tokens.access()).await.status, |status| *status == 401).await;
    assert_eq!(asks(&service).await, 401);

    let service = server(&restored, "EdDSA", &[]).await;
    assert_eq!((service.me(tokens.access()).await.status, asks(&service).await), (200, 200), "both are back");
    forget(&restored);
    eventually(async || service.me(tokens.access()).await.status, |status| *status == 401).await;
    assert_eq!(asks(&service).await, 401);
}
