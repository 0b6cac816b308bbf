//! From one release to the next, and back: what was there is there, and goes on.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{
    service::{Engine, REFRESH_SECRET, Service, TestDatabase, eventually, on_every_engine},
    sessions::tokens::sign,
};

/// When the session began, in seconds since 1970.
const BEGAN: i64 = 2_114_478_245;
const ANN: &str = "00000000-0000-7000-8000-000000000001";
const SESSION: &str = "00000000-0000-7000-8000-000000000002";
/// passlib's.
const PASSWORD: &str = "Correct-Horse-1";
const HASH: &str = "$2b$04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi";

/// The folders of an engine's migrations, in order.
fn migrations(engine: Engine) -> Vec<std::path::PathBuf> {
    let engine = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        #[cfg(feature = "mysql")]
        Engine::Mysql => "mysql",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// The schema as a release with so many migrations left it, with an account and a session that is in use.
fn of_an_earlier_release(engine: Engine, count: usize) -> TestDatabase {
    let database = TestDatabase::create(engine);
    database.execute(
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
         run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    );
    for migration in migrations(engine).iter().take(count) {
        database.execute(&fs::read_to_string(migration.join("up.sql")).unwrap());
        let name = migration.file_name().unwrap().to_str().unwrap();
        let version = name.split('_').next().unwrap();
        database.execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"));
    }
    let (early, late) = ("'2026-01-02 03:04:05.678901'", "'2037-01-02 03:04:05.678901'");
    database.execute(&format!(
        "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES ('{ANN}', 'ann@example.org', '{HASH}', {early}, {early})"
    ));
    database.execute(&format!(
        "INSERT INTO sessions (id, user_id, generation, created_at, last_used_at, expires_at, address, user_agent) \
         VALUES ('{SESSION}', '{ANN}', 7, {late}, {late}, {late}, '203.0.113.7', 'Browser/1.0')"
    ));
    // Begun in the future, so that it does not end by SESSION_MAX_DAYS while this test is in use.
    database
}

fn before_canonical_addresses(engine: Engine) -> usize {
    migrations(engine).iter().take_while(|migration| !migration.ends_with("0008_canonical_addresses")).count()
}

/// What the earlier release handed out for the session.
fn refresh_token() -> String {
    refresh_token_of("ann@example.org")
}

fn refresh_token_of(email: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "sub": ANN, "email": email, "type": "refresh", "iat": now, "nbf": now, "exp": now + 86_400,
        "jti": "00000000-0000-7000-8000-000000000003", "sid": SESSION, "gen": 7,
    });
    sign(&claims, REFRESH_SECRET)
}

async fn goes_on(service: &Service) {
    let refreshed = service.refresh(&refresh_token()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(crate::sessions::tokens::claims(refreshed.refresh())["gen"], 8);
    // It was authenticated when it began, by the only method there was.
    let said = crate::sessions::tokens::claims(refreshed.access());
    assert_eq!((&said["auth_time"], &said["amr"], &said["acr"]), (&json!(BEGAN), &json!(["pwd"]), &json!("aal1")));
    let me = service.me(refreshed.access()).await;
    assert_eq!((me.text("id"), me.text("created_at")), (ANN, "2026-01-02T03:04:05.678901Z"));
    let login = service.post("/auth/login", json!({ "email": "ann@example.org", "password": PASSWORD })).await;
    assert_eq!(login.status, 200, "{}", login.body);
    let sessions = service.get_as(login.access(), "/auth/sessions").await.body;
    assert!(sessions["sessions"].as_array().unwrap().iter().any(|session| session["id"] == SESSION));
    let failed = service.post("/auth/login", json!({ "email": "ann@example.org", "password": "wrong" })).await;
    assert_eq!(failed.status, 401);
    eventually(async || service.database.count("audit_events"), |count| *count == 3).await;
}

on_every_engine! {
    async fn every_earlier_schema_is_brought_up_to_date_with_all_that_is_in_it(engine) {
        for count in 1..migrations(engine).len() {
            let database = Arc::new(of_an_earlier_release(engine, count));
            let service = Service::on(database, &[]).await;
            assert_eq!(service.get("/health/ready").await.status, 200);
            assert_eq!((service.database.count("users"), service.database.count("sessions")), (1, 1));
            goes_on(&service).await;
        }
    }

    async fn nobody_is_ready_before_the_migrations_are(engine) {
        let database = Arc::new(of_an_earlier_release(engine, 1));
        let (code, told, _) = crate::service::command(&database, &[], &["check"], "");
        assert!(code == 0 && told.contains("pending") && told.contains("0002_failed_attempts"), "{told}");
        let service = Service::on(database.clone(), &[]).await;
        // As a server finds it that came up while the schema was put back.
        database.execute("DROP TABLE oauth_clients");
        database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0005'");
        let ready = service.get("/health/ready").await;
        assert_eq!((ready.status, &ready.body["status"]), (503, &Value::from("unavailable")));
        assert_eq!(service.command(&["migrate"], "").1, "Applied: 0005_oauth_clients\n");
        assert_eq!(service.get("/health/ready").await.status, 200);
        goes_on(&service).await;
    }

    async fn an_address_that_an_earlier_release_stored_in_unicode_goes_on(engine) {
        let database = Arc::new(of_an_earlier_release(engine, before_canonical_addresses(engine)));
        database.execute("UPDATE users SET email = 'ann@münchen.example'");
        let (code, told, _) = crate::service::command(&database, &[], &["check"], "");
        assert!(code == 0 && told.contains("1 as an earlier release spelled them"), "{told}");
        let service = Service::on(database.clone(), &[]).await;
        let (code, told, _) = service.command(&["check"], "");
        assert!(code == 0 && told.contains("every account is found by its own"), "{told}");
        let refreshed = service.refresh(&refresh_token_of("ann@münchen.example")).await;
        assert_eq!(refreshed.status, 200, "a token of the earlier release: {}", refreshed.body);
        assert_eq!(service.me(refreshed.access()).await.text("email"), "ann@xn--mnchen-3ya.example");
        for typed in ["ann@münchen.example", "Ann@xn--mnchen-3ya.example"] {
            let login = service.post("/auth/login", json!({ "email": typed, "password": PASSWORD })).await;
            assert_eq!(login.status, 200, "{typed}: {}", login.body);
        }
        // The earlier release beside this one stores its own spelling.
        let early = "'2026-01-02 03:04:05.678901'";
        database.execute(&format!(
            "INSERT INTO users (id, email, password_hash, created_at, updated_at) \
             VALUES ('00000000-0000-7000-8000-000000000009', 'bob@münchen.example', '{HASH}', {early}, {early})"
        ));
        let login = service.post("/auth/login", json!({ "email": "bob@xn--mnchen-3ya.example", "password": PASSWORD })).await;
        assert_eq!((login.status, service.me(login.access()).await.text("email")), (200, "bob@münchen.example"));
        assert_eq!(service.command(&["migrate"], "").1, "The schema is up to date.\nRewrote 1 address(es) to their canonical spelling.\n");
        assert_eq!(service.me(login.access()).await.text("email"), "bob@xn--mnchen-3ya.example");
        assert_eq!(service.refresh(login.refresh()).await.status, 200);
    }

    async fn accounts_that_share_an_address_are_told_and_left_as_they_are(engine) {
        let database = Arc::new(of_an_earlier_release(engine, before_canonical_addresses(engine)));
        let (holder, early) = ("00000000-0000-7000-8000-000000000009", "'2026-01-02 03:04:05.678901'");
        database.execute("UPDATE users SET email = 'ann@ｅxample.org'");
        database.execute(&format!(
            "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES ('{holder}', 'ann@example.org', '{HASH}', {early}, {early})"
        ));
        let is_told = |told: &str| told.contains(&format!("{ANN} (the address is that of {holder})"));
        let (code, told, _) = crate::service::command(&database, &[], &["check"], "");
        assert!(code == 0 && is_told(&told), "{told}");
        let service = Service::on(database.clone(), &[]).await;
        let warned = service.lines(1, move |line| line["level"] == "WARN" && line.to_string().contains(holder)).await;
        assert!(warned[0].to_string().contains(ANN), "{warned:?}");
        for command in ["check", "migrate"] {
            let (code, told, _) = service.command(&[command], "");
            assert!(code == 0 && is_told(&told), "{told}");
        }
        assert_eq!(service.database.count("users WHERE email = 'ann@ｅxample.org'"), 1);
        let login = service.post("/auth/login", json!({ "email": "ann@ｅxample.org", "password": PASSWORD })).await;
        assert_eq!(service.me(login.access()).await.text("id"), holder);
        // Its sessions go on, it can be seen, and its operator can decide.
        assert_eq!(service.refresh(&refresh_token_of("ann@ｅxample.org")).await.status, 200);
        assert!(service.command(&["users", "list"], "").1.contains(ANN));
        assert_eq!(service.command(&["users", "delete", holder], "").0, 0);
        assert!(service.command(&["migrate"], "").1.contains("Rewrote 1 address"));
        let login = service.post("/auth/login", json!({ "email": "ann@example.org", "password": PASSWORD })).await;
        assert_eq!(service.me(login.access()).await.text("id"), ANN);
    }

    async fn a_release_that_was_put_back_finds_its_schema(engine) {
        let database = Arc::new(of_an_earlier_release(engine, migrations(engine).len()));
        database.execute("CREATE TABLE of_a_newer_release (id INTEGER NOT NULL PRIMARY KEY)");
        database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
        let service = Service::on(database.clone(), &[]).await;
        assert_eq!(service.logged("a newer release has migrated this database", 1).await, 1);
        assert_eq!(service.get("/health/ready").await.status, 200);
        goes_on(&service).await;
        let (code, told, _) = service.command(&["check"], "");
        assert!(code == 0 && told.contains("none pending") && told.contains("unknown to this one: 9999"), "{told}");
    }
}
