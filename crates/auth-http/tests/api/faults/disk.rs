//! SQLite's file: no room to write, and no leave to.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

use crate::{
    cli::import::another_system,
    service::{Answer, Engine, Service, TestDatabase, credentials, environment, is_unavailable, program_by},
};

/// Who writes beyond a limit is told so, as on a full disk, instead of being ended by a signal.
const LIMITED: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// For root the modes of files mean nothing, unless it runs without its capabilities.
const BOUND_BY_MODES: [&str; 4] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];

/// No file of the server may grow beyond so many bytes.
fn limit(service: &Service, bytes: &str) {
    let limit = Command::new("prlimit").args(["--pid", &service.pid(), &format!("--fsize={bytes}:")]).status().unwrap();
    assert!(limit.success());
}

async fn nothing_can_be_written(service: &Service, tokens: &Answer) {
    for _ in 0..2 {
        let ready = service.get("/health/ready").await;
        assert_eq!(
            (ready.status, &ready.body["checks"]["database"]),
            (503, &"unavailable".into()),
            "before anybody else finds out"
        );
        is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
        is_unavailable(&service.login("ann@example.org").await, "login");
        is_unavailable(&service.post("/auth/register", credentials("ben@example.org")).await, "register");
        is_unavailable(&service.post_as(tokens.access(), "/auth/logout", None).await, "logout");
        assert_eq!(service.me(tokens.access()).await.status, 200, "reading goes on");
        assert_eq!(service.get("/health").await.status, 200);
    }
}

/// By itself, and as if nothing had been asked meanwhile.
async fn all_can_be_written_again(service: &Service, tokens: &Answer) {
    let refreshed = service.refresh(tokens.refresh()).await;
    let refreshed = if refreshed.status == 503 { service.refresh(tokens.refresh()).await } else { refreshed };
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(crate::sessions::tokens::claims(refreshed.refresh())["gen"], 2);
    assert_eq!(service.login("ann@example.org").await.status, 200);
    service.register("ben@example.org").await;
    assert_eq!((service.database.count("users"), service.database.count("sessions")), (2, 3));
    assert_eq!(service.get("/health/ready").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = Service::launched_by(&LIMITED, database, &[]).await;
    let tokens = service.register("ann@example.org").await;
    // The write-ahead log is behind that already.
    limit(&service, "4096");
    nothing_can_be_written(&service, &tokens).await;
    limit(&service, "unlimited");
    all_can_be_written_again(&service, &tokens).await;
}

/// How an import ends whose own disk is full.
fn import_without_room(database: &TestDatabase, from: &str) -> (Option<i32>, String, String) {
    let full = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let mut command = program_by(&["sh", "-c", full], database.folder());
    let output = command.envs(environment(database, &[])).args(["users", "import", "--from", from]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_to_a_full_disk_is_an_outage_and_no_fault_of_the_rows() {
    let service = Service::start(Engine::Sqlite).await;
    service.register("ann@example.org").await;
    let hash = "$2b$04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi";
    let emails: Vec<_> = (0..20).map(|number| format!("old{number}@example.org")).collect();
    let rows: Vec<_> = emails.iter().map(|email| (email.as_str(), hash, true, None)).collect();
    let from = another_system(service.database.folder(), &rows);
    let (code, out, err) = import_without_room(&service.database, from);
    assert!(code == Some(1) && out.is_empty() && err.contains("unavailable: disk"), "{err}{out}");
    assert_eq!(service.database.count("users"), 1);
    let (code, out, err) = service.command(&["users", "import", "--from", from], "");
    assert!(code == 0 && out.ends_with("Imported: 20; already there: 0; refused: 0\n"), "{err}{out}");
}

fn allow(folder: &Path, mode: u32) {
    for file in fs::read_dir(folder).unwrap() {
        fs::set_permissions(file.unwrap().path(), fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_written_refuses_writes_until_it_may() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let before = Service::on(database.clone(), &[]).await;
    let tokens = before.register("ann@example.org").await;
    // It has nothing to migrate, so it can start, and what it opens is for reading only.
    allow(database.folder(), 0o400);
    let service = Service::launched_by(&BOUND_BY_MODES, database.clone(), &[]).await;
    nothing_can_be_written(&service, &tokens).await;
    allow(database.folder(), 0o600);
    all_can_be_written_again(&service, &tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_start_on_a_file_that_it_may_not_write() {
    let database = TestDatabase::create(Engine::Sqlite);
    let folder = database.folder();
    fs::write(folder.join("auth.db"), "").unwrap();
    allow(folder, 0o400);
    let secrets = [("JWT_SECRET_KEY", crate::service::ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", crate::service::REFRESH_SECRET)];
    let mut command = program_by(&BOUND_BY_MODES, folder);
    let output = command.env("DATABASE_URL", database.url()).env("PORT", "0").envs(secrets).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("auth.db") && told.contains("readonly"), "{told}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("listening"));
}
