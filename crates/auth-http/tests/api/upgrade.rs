//! From one release to the next, and back: what was there is there, and goes on.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{
    service::{Engine, REFRESH_SECRET, Service, TestDatabase, eventually, on_every_engine},
    tokens::sign,
};

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

/// What the earlier release handed out for the session.
fn refresh_token() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "sub": ANN, "email": "ann@example.org", "type": "refresh", "iat": now, "nbf": now, "exp": now + 86_400,
        "jti": "00000000-0000-7000-8000-000000000003", "sid": SESSION, "gen": 7,
    });
    sign(&claims, REFRESH_SECRET)
}

async fn goes_on(service: &Service) {
    let refreshed = service.refresh(&refresh_token()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(crate::tokens::claims(refreshed.refresh())["gen"], 8);
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
        database.execute("DROP TABLE audit_events");
        database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0003'");
        let ready = service.get("/health/ready").await;
        assert_eq!((ready.status, &ready.body["status"]), (503, &Value::from("unavailable")));
        assert_eq!(service.command(&["migrate"], "").1, "Applied: 0003_audit_events\n");
        assert_eq!(service.get("/health/ready").await.status, 200);
        goes_on(&service).await;
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
