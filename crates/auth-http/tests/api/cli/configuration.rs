//! The program's commands, and what it says of a configuration.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::service::{ACCESS_SECRET, Engine, REFRESH_SECRET, Service, TestDatabase, folder, program_by, run};

const SECRETS: [(&str, &str); 2] = [("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET)];

#[test]
fn help_version_and_wrong_usage() {
    let (_guard, folder) = folder();
    for command in [&["--help"][..], &["serve", "--help"], &["check", "--help"], &["help"]] {
        let (code, out, _) = run(&folder, command, &[]);
        assert!(code == 0 && out.contains("Usage: auth-server"), "{command:?}: {out}");
    }
    let (code, out, _) = run(&folder, &["--version"], &[]);
    assert_eq!((code, out.trim()), (0, concat!("auth-server ", env!("CARGO_PKG_VERSION"))));
    for command in ["serve", "dev", "init", "check", "migrate", "healthcheck", "users"] {
        assert_eq!(run(&folder, &[command, "--version"], &[]).0, 0, "{command}");
    }
    for usage in [&["nonsense"][..], &["--nonsense"], &["serve", "extra"]] {
        assert_eq!(run(&folder, usage, &[]).0, 2, "{usage:?}");
    }
}

#[test]
fn every_fault_is_told_and_no_secret() {
    let (_guard, folder) = folder();
    let faulty = [
        ("JWT_SECRET_KEY", "my-short-secret"),
        ("JWT_REFRESH_SECRET_KEY", "replace-me-with-a-random-refresh-secret-of-at-least-32-characters"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "61"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "0"),
        ("DATABASE_URL", "oracle://scott:tiger@db/x"),
        ("DATABASE_POOL_SIZE", "many"),
        ("PORT", "65536"),
        ("BCRYPT_COST", "9"),
        ("PASSWORD_POLICY", "strict"),
        ("MAX_REQUEST_BODY_SIZE", "-5"),
        ("RATE_LIMIT_REQUESTS", "1.5"),
        ("ALLOWED_ORIGINS", "https://fine.example.org,*,https://x.example.org/path"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("LOG_LEVEL", "a=b=c"),
        ("LOG_FORMAT", "xml"),
    ];
    for command in [&[][..], &["serve"], &["check"], &["migrate"]] {
        let (code, out, err) = run(&folder, command, &faulty);
        assert_eq!(code, 1, "{command:?}: {out}{err}");
        for (variable, _) in faulty {
            assert!(err.contains(&format!("  {variable}: ")), "{variable} is missing: {err}");
        }
        for secret in ["my-short-secret", "replace-me", "tiger"] {
            assert!(!err.contains(secret) && !out.contains(secret), "{secret} in {err}");
        }
        assert!(!folder.join("auth.db").exists());
    }
}

#[test]
fn no_word_for_a_level_silences_errors() {
    let (_guard, folder) = folder();
    for understood in ["WARNING", "CRITICAL", "verbose", "info,actix_server=warn"] {
        let (code, out, err) = run(&folder, &["check"], &[SECRETS[0], SECRETS[1], ("LOG_LEVEL", understood)]);
        assert_eq!(code, 0, "{understood}: {out}{err}");
    }
    for unknown in ["info;debug", "loud", "auth_http=debg", ","] {
        for command in ["check", "serve", "migrate"] {
            let (code, out, err) = run(&folder, &[command], &[SECRETS[0], ("LOG_LEVEL", unknown)]);
            assert!(
                code == 1 && err.contains("  LOG_LEVEL: ") && err.contains("off, error, warn, info, debug, trace"),
                "{err}{out}"
            );
            assert!(err.contains("JWT_REFRESH_SECRET_KEY: is required"), "with the other faults: {err}");
        }
    }
}

#[test]
fn a_line_that_could_be_read_in_two_ways_is_told_with_all_other_faults() {
    let (_guard, folder) = folder();
    let file =
        format!("\u{feff}JWT_SECRET_KEY= {ACCESS_SECRET}\nJWT_REFRESH_SECRET_KEY={REFRESH_SECRET}$x\nHOST=it's\nPORT=65536\n");
    fs::write(folder.join(".env"), file).unwrap();
    for command in ["check", "serve", "migrate"] {
        let (code, out, err) = run(&folder, &[command], &[]);
        assert!(code == 1 && err.contains("5 fault(s)"), "{err}{out}");
        for told in [
            "line 1 of .env: a byte order mark",
            "JWT_SECRET_KEY: line 1 of .env: a space after",
            "JWT_REFRESH_SECRET_KEY: line 2 of .env: an unquoted `$`",
            "HOST: line 3 of .env: a stray quote",
            "PORT: must be a whole number",
        ] {
            assert!(err.contains(told), "{told}: {err}");
        }
        assert!(!err.contains(ACCESS_SECRET) && !err.contains(REFRESH_SECRET), "{err}");
    }
    let file =
        format!("export JWT_SECRET_KEY='{ACCESS_SECRET}'\r\nJWT_REFRESH_SECRET_KEY=\"{REFRESH_SECRET}\" # ours\r\nHOST=\r\n");
    fs::write(folder.join(".env"), file).unwrap();
    assert_eq!(run(&folder, &["check"], &[]).0, 0);
}

#[test]
fn only_its_owner_can_read_a_database_behind_a_link() {
    let (_guard, folder) = folder();
    fs::create_dir(folder.join("data")).unwrap();
    std::os::unix::fs::symlink("data/real.db", folder.join("auth.db")).unwrap();
    let lax = ["sh", "-c", "umask 000; exec \"$0\" \"$@\""];
    let output = program_by(&lax, &folder).arg("migrate").envs(SECRETS).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::metadata(folder.join("data/real.db")).unwrap().permissions().mode() & 0o777, 0o600);
    let output = program_by(&lax, &folder).arg("init").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::metadata(folder.join(".env")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_secrets_must_be_there_long_and_different() {
    let (_guard, folder) = folder();
    let (code, _, err) = run(&folder, &["check"], &[]);
    assert_eq!(code, 1);
    assert!(err.contains("JWT_SECRET_KEY: is required") && err.contains("JWT_REFRESH_SECRET_KEY: is required"), "{err}");
    let (code, _, err) =
        run(&folder, &["check"], &[("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", ACCESS_SECRET)]);
    assert!(code == 1 && err.contains("must differ") && !err.contains(ACCESS_SECRET), "{err}");
    // Characters count, not bytes.
    let (a, b) = ("é".repeat(32), "ü".repeat(32));
    assert_eq!(run(&folder, &["check"], &[("JWT_SECRET_KEY", &a), ("JWT_REFRESH_SECRET_KEY", &b)]).0, 0);
    assert_eq!(run(&folder, &["check"], &[("JWT_SECRET_KEY", &a[2..]), ("JWT_REFRESH_SECRET_KEY", &b)]).0, 1);
}

#[test]
fn a_secret_can_be_a_file() {
    let (_guard, folder) = folder();
    let path = folder.join("secret");
    fs::write(&path, format!("{ACCESS_SECRET}\n")).unwrap();
    let path = path.to_str().unwrap();
    let from_file = [("JWT_SECRET_KEY_FILE", path), SECRETS[1]];
    assert_eq!(run(&folder, &["check"], &from_file).0, 0);
    let (code, _, err) = run(&folder, &["check"], &[from_file[0], SECRETS[0], SECRETS[1]]);
    assert!(code == 1 && err.contains("JWT_SECRET_KEY: is set together with JWT_SECRET_KEY_FILE"), "{err}");
    let (code, _, err) = run(&folder, &["check"], &[("JWT_SECRET_KEY_FILE", "/nowhere"), SECRETS[1]]);
    assert!(code == 1 && err.contains("JWT_SECRET_KEY_FILE: cannot be read"), "{err}");
    // An empty variable counts as unset.
    assert_eq!(run(&folder, &["check"], &[from_file[0], SECRETS[1], ("JWT_SECRET_KEY", "")]).0, 0);
}

#[test]
fn init_writes_a_file_once_and_check_finds_it_fine() {
    let (_guard, folder) = folder();
    let (code, _, err) = run(&folder, &["init"], &[]);
    assert!(code == 0 && err.contains(".env"), "{err}");
    let written = fs::read_to_string(folder.join(".env")).unwrap();
    assert_eq!(fs::metadata(folder.join(".env")).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, _, err) = run(&folder, &["init"], &[]);
    assert!(code == 1 && err.contains("already"), "{err}");
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), written);
    let (code, out, err) = run(&folder, &["check"], &[]);
    assert!(code == 0 && out.contains("SQLite"), "{out}{err}");
    for line in written.lines().filter_map(|line| line.split_once("_KEY=")) {
        assert!(!out.contains(line.1), "{out}");
    }
    // The environment wins over the file.
    assert_eq!(run(&folder, &["check"], &[("BCRYPT_COST", "99")]).0, 1);
}

#[test]
fn check_minds_what_is_open_to_all_or_can_be_guessed_and_is_content() {
    let (_guard, folder) = folder();
    let drawn = folder.join("refresh");
    fs::write(&drawn, "6f9c0a3b58d1e7427b0d93c5a8e2f164").unwrap();
    fs::write(folder.join(".env"), format!("JWT_SECRET_KEY={}\n", "a".repeat(32))).unwrap();
    fs::write(folder.join("auth.db"), "").unwrap();
    let variables = [("JWT_REFRESH_SECRET_KEY_FILE", drawn.to_str().unwrap())];
    let minded = |mode| {
        for file in [folder.join(".env"), drawn.clone(), folder.join("auth.db")] {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        }
        let (code, out, err) = run(&folder, &["check"], &variables);
        assert!(code == 0 && !out.contains("aaaa") && !out.contains("6f9c"), "{out}{err}");
        out.lines().filter(|line| line.starts_with("! ") && !line.contains("migrations")).map(str::to_owned).collect::<Vec<_>>()
    };
    let open = minded(0o644);
    assert!(open.len() == 4 && open[0].contains("JWT_SECRET_KEY can be guessed"), "{open:?}");
    for (line, file) in open[1..].iter().zip([".env", drawn.to_str().unwrap(), "./auth.db"]) {
        assert!(line.contains(&format!("everyone on this machine may read {file}: chmod 600 {file}")), "{line}");
    }
    assert_eq!(minded(0o600), open[..1]);
}

#[test]
fn migrations_are_reported_and_applied() {
    let (_guard, folder) = folder();
    assert!(run(&folder, &["check"], &SECRETS).1.contains("pending"));
    assert!(run(&folder, &["migrate"], &SECRETS).1.contains("Applied"));
    assert!(run(&folder, &["migrate"], &SECRETS).1.contains("up to date"));
    assert!(run(&folder, &["check"], &SECRETS).1.contains("none pending"));
}

#[test]
fn a_database_out_of_reach_is_named_without_its_password() {
    let (_guard, folder) = folder();
    let url = ("DATABASE_URL", "postgres://ann:hush-hush@127.0.0.1:1/auth");
    for command in ["serve", "check", "migrate"] {
        let (code, out, err) = run(&folder, &[command], &[SECRETS[0], SECRETS[1], url]);
        assert!(code == 1 && err.contains("PostgreSQL") && err.contains("127.0.0.1:1"), "{command}: {out}{err}");
        assert!(!err.ends_with("\n\n"), "{err}");
        assert!(!format!("{out}{err}").contains("hush-hush"), "{command}: {out}{err}");
    }
    let missing = ("DATABASE_URL", "sqlite:///./nowhere/auth.db");
    let (code, _, err) = run(&folder, &["check"], &[SECRETS[0], SECRETS[1], missing]);
    assert!(code == 1 && err.contains("DATABASE_URL") && err.contains("the directory ./nowhere does not exist"), "{err}");
}

#[test]
fn no_part_of_a_url_is_repeated_that_may_be_a_password() {
    let (_guard, folder) = folder();
    for url in [
        "postgresql://u:hush%00@127.0.0.1:1/x",
        "postgres://u:%zzhush@127.0.0.1:1/x",
        "postgres://u:p@ss/hush@127.0.0.1:1/x",
        "postgres://u:1/hush@127.0.0.1:1/x",
        "postgres://u:x@127.0.0.1:1/x?options=%00hush",
        "postgres://u:hush",
        "postgres://u:hush/x",
        "postgres://127.0.0.1:1/x?user=u&password=1&hush",
        "postgres://127.0.0.1:1/x?user=u&password=1&hush=2",
        "postgres://127.0.0.1:1/x?user=u&password=1=hush",
        "postgres://127.0.0.1:1/x?user=u&password=hush",
        "postgres://u:1?hush@127.0.0.1:1/x",
        "postgres://u:hush@127.0.0.1:1,[::1]:1/x?target_session_attrs=read-write",
        "postgres://u:hush@%2Fnowhere/x",
    ] {
        let (code, out, err) = run(&folder, &["check"], &[SECRETS[0], SECRETS[1], ("DATABASE_URL", url)]);
        assert!(code == 1 && err.contains("DATABASE_URL") && !format!("{out}{err}").contains("hush"), "{url}: {out}{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_memory_serves_until_the_program_ends() {
    for url in ["sqlite::memory:", "sqlite://"] {
        let service = Service::with(Engine::Sqlite, &[("DATABASE_URL", url)]).await;
        let tokens = service.register("ann@example.org").await;
        assert_eq!((service.me(tokens.access()).await.status, service.login("ann@example.org").await.status), (200, 200));
        assert_eq!(service.get("/health/ready").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_asks_the_running_server() {
    let mut service = Service::start(Engine::Sqlite).await;
    let port = service.address().rsplit_once(':').unwrap().1.to_owned();
    let database = TestDatabase::create(Engine::Sqlite);
    let ask = || run(database.folder(), &["healthcheck"], &[SECRETS[0], SECRETS[1], ("PORT", &port)]).0;
    assert_eq!(ask(), 0);
    service.database.execute("DELETE FROM __diesel_schema_migrations");
    assert_eq!(ask(), 1);
    service.kill();
    assert_eq!(ask(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told() {
    let service = Service::start(Engine::Sqlite).await;
    let port = service.address().rsplit_once(':').unwrap().1.to_owned();
    let (_guard, folder) = folder();
    let (code, _, err) = run(&folder, &["serve"], &[SECRETS[0], SECRETS[1], ("PORT", &port)]);
    assert!(code == 1 && err.contains(&format!("127.0.0.1:{port}")) && err.contains("another port (PORT"), "{err}");
}
