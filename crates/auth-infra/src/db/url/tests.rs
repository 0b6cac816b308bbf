//! Every form of the URL, and that no text shows a password.

use super::*;

fn shown(text: &str) -> String {
    text.parse::<DatabaseUrl>().unwrap().to_string()
}

fn fault(text: &str) -> DatabaseUrlFault {
    let fault = text.parse::<DatabaseUrl>().unwrap_err();
    assert!(!fault.to_string().contains("hush"), "{fault}");
    fault
}

#[cfg(feature = "sqlite")]
#[test]
fn a_sqlite_url_names_a_file() {
    for (text, path) in [
        ("sqlite:///./relative.db", "./relative.db"),
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:////absolute.db", "/absolute.db"),
        ("sqlite://relative.db", "relative.db"),
        ("sqlite://", ":memory:"),
        ("sqlite::memory:", ":memory:"),
        ("sqlite://:memory:", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
    ] {
        assert_eq!(shown(text), format!("SQLite file {path}"), "{text}");
        assert_eq!(text.parse::<DatabaseUrl>().unwrap().is_in_memory(), path == ":memory:");
    }
    assert!(matches!(fault("sqlite:///x.db?mode=ro"), DatabaseUrlFault::Malformed(_)));
    for nothing in ["sqlite:", "sqlite:///"] {
        assert_eq!(fault(nothing), DatabaseUrlFault::Lacks("file"), "{nothing}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_postgres_url_shows_engine_host_and_database() {
    for text in ["postgres://ann:hush@db.example.org/auth", "postgresql://ann:hush@db.example.org:5432/auth?application_name=x"] {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!(
            (url.to_string(), url.engine()),
            ("PostgreSQL at db.example.org:5432, database auth".to_owned(), Engine::Postgres)
        );
        assert!(!format!("{url:?}").contains("hush"));
    }
    assert_eq!(fault("postgres://ann:hush@db/"), DatabaseUrlFault::Lacks("database"));
    assert_eq!(fault("postgres:///?host=/run/postgresql"), DatabaseUrlFault::Lacks("database"));
    assert!(matches!(fault("postgres://ann:hush@db:99999/auth"), DatabaseUrlFault::Malformed(_)));
}

#[cfg(feature = "postgres")]
fn libpq_reads(url: &DatabaseUrl) -> &str {
    let Target::Postgres { url, .. } = url.target() else { panic!("another engine") };
    url
}

/// The forms of <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
#[cfg(feature = "postgres")]
#[test]
fn what_psql_takes_is_taken() {
    for (text, place) in [
        ("postgres:///auth", "the default host:5432, database auth"),
        ("postgresql://ann@/auth", "the default host:5432, database auth"),
        ("postgres:///auth?host=/run/postgresql", "/run/postgresql:5432, database auth"),
        ("postgres:///auth?host=/run/postgresql&port=5433", "/run/postgresql:5433, database auth"),
        ("postgresql://%2Frun%2Fpostgresql/auth", "/run/postgresql:5432, database auth"),
        ("postgresql://ann:hush@%2Frun%2Fpostgresql:5433/auth", "/run/postgresql:5433, database auth"),
        ("postgresql://h1:5433,h2:5434/auth?target_session_attrs=read-write", "h1:5433,h2:5434, database auth"),
        ("postgresql://ann:hush@h1,[2001:db8::1]:5434,%2Frun/auth", "h1:5432,[2001:db8::1]:5434,/run:5432, database auth"),
        ("postgresql:///auth?host=h1,h2&port=5433,5434", "h1:5433,h2:5434, database auth"),
        ("postgresql:///auth?host=h1,h2&port=5433", "h1:5433,h2:5433, database auth"),
        ("postgresql://[::1]/auth", "[::1]:5432, database auth"),
        ("postgresql://[fe80::1%25eth0]:5433/auth", "[fe80::1%25eth0]:5433, database auth"),
        ("postgresql://db:/auth", "db:5432, database auth"),
        ("postgresql://db/auth?", "db:5432, database auth"),
        ("postgresql://db/auth?sslmode=prefer&", "db:5432, database auth"),
        ("postgresql://db?dbname=auth", "db:5432, database auth"),
        ("postgresql://other/other?dbname=auth&host=db&user=ann&password=hush", "db:5432, database auth"),
        ("postgresql:///auth?hostaddr=192.0.2.1", "192.0.2.1:5432, database auth"),
        ("postgresql://db/na%20me", "db:5432, database na me"),
        ("postgresql://ann:1?hush@db/auth", "db:5432, database auth"),
        ("postgresql://ann:1#hush@db/auth", "db:5432, database auth"),
        ("postgresql://ann:hush:1@db/auth", "db:5432, database auth"),
    ] {
        assert_eq!(shown(text), format!("PostgreSQL at {place}"), "{text}");
        let url: DatabaseUrl = text.parse().unwrap();
        let words = libpq_reads(&url);
        let added = if url.hosts() > 1 { "connect_timeout=2&" } else { "connect_timeout=3&" };
        assert!(words.strip_prefix(text).is_some_and(|behind| behind.contains(added)), "libpq reads it: {words}");
        assert!(words.matches("target_session_attrs=read-write").count() == usize::from(url.hosts() > 1), "{words}");
        assert!(!words.contains("&&") && words.matches("connect_timeout").count() == 1, "{words}");
    }
    for malformed in [
        "postgresql://db:hush/auth",
        "postgresql://ann:hush?dbname=auth",
        "postgresql://db:0/auth",
        "postgresql://::1/auth",
        "postgresql://[::1/auth",
        "postgresql://[]/auth",
        "postgresql://[::1]x/auth",
        "postgresql:///auth?host=h1,h2,h3&port=1,2",
        "postgresql://db/auth?hush",
        "postgresql://db/auth?hush=1",
        "postgresql://db/auth?password=1&hush",
        "postgresql://db/auth?password=1&hush=2",
        "postgresql://db/auth?password=1=hush",
        "postgresql://db/auth?&sslmode=prefer",
        "postgresql://db/auth?password=hush%zz",
        "postgresql://db/auth?host=hush%40db",
        "postgresql://db/au\th",
    ] {
        assert!(matches!(fault(malformed), DatabaseUrlFault::Malformed(_)), "{malformed}");
    }
}

/// libpq would refuse the parameter, and repeat it.
#[cfg(feature = "postgres")]
#[test]
fn a_pooler_is_named_by_a_parameter_that_libpq_does_not_see() {
    for (text, read) in [
        ("postgres://ann:1?hush@db/auth?pgbouncer=true", "postgres://ann:1?hush@db/auth?connect_timeout=3&"),
        ("postgres://db/auth?sslmode=prefer&pgbouncer=true&", "postgres://db/auth?sslmode=prefer&connect_timeout=3&"),
        ("postgres://db/auth?pgb%6Funcer=true&sslmode=prefer", "postgres://db/auth?sslmode=prefer&connect_timeout=3&"),
        ("postgres://db/auth?pgbouncer=false&pgbouncer=true", "postgres://db/auth?connect_timeout=3&"),
    ] {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!(
            (url.pool_mode(), url.to_string()),
            (PoolMode::Transaction, "PostgreSQL at db:5432, database auth, through PgBouncer".to_owned())
        );
        assert!(libpq_reads(&url).starts_with(read), "{text}: {}", libpq_reads(&url));
        assert!(!libpq_reads(&url).contains("pgb"), "{text}");
    }
    for text in ["postgres://db/auth", "postgres://db/auth?pgbouncer=false", "postgres://db/auth?pgbouncer=true&pgbouncer=false"]
    {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!((url.pool_mode(), url.to_string()), (PoolMode::Session, "PostgreSQL at db:5432, database auth".to_owned()));
        assert!(!libpq_reads(&url).contains("pgbouncer"), "{text}");
    }
    for value in ["", "1", "yes", "TRUE", "hush", "true%20"] {
        let fault = fault(&format!("postgres://db/auth?pgbouncer={value}"));
        assert!(fault.to_string().contains("pgbouncer must be true or false"), "{value}: {fault}");
    }
    assert!(matches!(fault("sqlite:///x.db?pgbouncer=true"), DatabaseUrlFault::Malformed(_)));
    #[cfg(feature = "mysql")]
    assert!(matches!(fault("mysql://db/auth?pgbouncer=true"), DatabaseUrlFault::Malformed(_)));
}

#[cfg(feature = "postgres")]
#[test]
fn of_several_hosts_the_one_is_wanted_that_takes_writes() {
    for (text, read) in [
        ("postgres://h1,h2:5433/auth", "postgres://h1,h2:5433/auth?connect_timeout=2&target_session_attrs=read-write&"),
        ("postgres:///auth?host=h1,h2", "postgres:///auth?host=h1,h2&connect_timeout=2&target_session_attrs=read-write&"),
        (
            "postgres://h1,h2/auth?target_session_attrs=primary&connect_timeout=9",
            "postgres://h1,h2/auth?target_session_attrs=primary&connect_timeout=9&keepalives_idle=",
        ),
    ] {
        let url: DatabaseUrl = text.parse().unwrap();
        assert!(url.hosts() == 2 && libpq_reads(&url).starts_with(read), "{text}: {}", libpq_reads(&url));
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_plus_stays_a_plus() {
    let url: DatabaseUrl = "postgres://ann:a+b@db/auth?options=-c%20x%3Da+b&passfile=/a+b".parse().unwrap();
    let words = libpq_reads(&url);
    assert!(words.starts_with("postgres://ann:a+b@db/auth?options=-c%20x%3Da+b&passfile=/a+b&connect_timeout="), "{words}");
}

#[cfg(all(feature = "postgres", not(feature = "tls")))]
#[test]
fn a_build_without_tls_says_so() {
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(fault(&format!("postgres://ann:hush@db/auth?sslmode={mode}")), DatabaseUrlFault::TlsNotBuiltIn);
    }
    assert_eq!(fault("postgres://ann:hush@db/auth?sslrootcert=system"), DatabaseUrlFault::TlsNotBuiltIn);
    assert_eq!(fault("postgres://ann:hush@db/auth?ssl=true"), DatabaseUrlFault::TlsNotBuiltIn);
    assert_eq!(
        fault("postgres://db/auth?sslmode=prefer&sslmode=require"),
        DatabaseUrlFault::TlsNotBuiltIn,
        "the last one counts"
    );
    assert!("postgres://db/auth?sslmode=prefer".parse::<DatabaseUrl>().is_ok());
}

#[cfg(feature = "mysql")]
fn mysql_words(text: &str) -> (String, bool) {
    let url: DatabaseUrl = text.parse().unwrap();
    let Target::Mysql { url, encrypted } = url.target else { panic!("another engine") };
    (url, encrypted)
}

#[cfg(feature = "mysql")]
#[test]
fn a_mysql_url_takes_the_words_of_libpq() {
    let text = "mysql://ann:hush@db/auth?sslmode=verify-full&sslrootcert=/ca.pem";
    assert_eq!(shown(text), "MySQL at db:3306, database auth");
    let (words, encrypted) = mysql_words(text);
    assert!(encrypted && words.starts_with("mysql://ann:hush@") && words.ends_with("/auth?ssl_ca=%2Fca.pem"), "{words}");
    assert_eq!(
        mysql_words("mysql://ann:hush@db:3307/auth?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem").0,
        words.replace("/auth", ":3307/auth")
    );
    for (mode, demanded) in [("disable", false), ("allow", false), ("PREFERRED", false), ("require", true), ("verify-ca", true)] {
        assert_eq!(mysql_words(&format!("mysql://db/auth?sslmode={mode}")).1, demanded, "{mode}");
    }
    assert_eq!(fault("mysql://db/auth?sslmode=verify"), DatabaseUrlFault::UnknownSslMode);
    assert!(matches!(fault("mysql://db/auth?ssl-mode=verify-full"), DatabaseUrlFault::Malformed(_)), "nobody would heed it");
    assert!(matches!(fault("mysql://[::1]/auth?sslmode=require"), DatabaseUrlFault::Malformed(_)));
    assert_eq!(mysql_words("mysql://[::1]/auth?charset=utf8mb4").0, "mysql://[::1]/auth");
    let by_socket = "mysql://ann@localhost/auth?unix_socket=%2Frun%2Fmysqld.sock";
    assert_eq!(mysql_words(by_socket).0, by_socket);
}

#[cfg(feature = "mysql")]
#[test]
fn a_mysql_url_may_name_a_socket_and_encode_what_it_wants() {
    let by_socket = "mysql://ann:hush@localhost/auth?unix_socket=%2Frun%2Fmysqld.sock";
    for text in [
        by_socket,
        "mysql://ann:hush@/auth?socket=/run/mysqld.sock",
        "mysql://ann:hush@localhost/%61uth?unix_socket=/run/mysqld.sock",
    ] {
        assert_eq!(mysql_words(text).0, by_socket, "{text}");
        assert_eq!(shown(text), "MySQL at /run/mysqld.sock, database auth", "{text}");
    }
    assert_eq!(mysql_words("mysql:///auth?socket=/run/mysqld.sock").0, "mysql:///auth?unix_socket=%2Frun%2Fmysqld.sock");
    assert_eq!(fault("mysql:///auth"), DatabaseUrlFault::Lacks("host"));
    assert_eq!(mysql_words("mysql://db/auth?ssl_ca=/a+b.pem").0.rsplit_once('?').unwrap().1, "ssl_ca=%2Fa%2Bb.pem");
    assert!(mysql_words("mysql://db/my%2Ddb").0.ends_with("/my-db"), "Diesel does not decode it");
    for malformed in ["mysql://db/na%20me", "mysql://ann:hush@db/a%2Fb", "mysql://ann:hush@db/auth?password=hush"] {
        assert!(matches!(fault(malformed), DatabaseUrlFault::Malformed(_)), "{malformed}");
    }
}

/// MariaDB's client library would read these as options.
#[cfg(feature = "mysql")]
#[test]
fn a_host_smuggles_no_options_in() {
    let text = "mysql://db;ssl-verify-server-cert=0/auth?sslmode=verify-full";
    assert!(matches!(fault(text), DatabaseUrlFault::Malformed(_)));
}

#[cfg(not(feature = "mysql"))]
#[test]
fn an_engine_that_is_not_built_in_is_named_with_its_feature() {
    let fault = fault("mysql://ann:hush@db/auth");
    assert_eq!(fault, DatabaseUrlFault::NotBuiltIn { engine: Engine::Mysql, feature: "mysql" });
    assert!(fault.to_string().contains("MySQL") && fault.to_string().contains("`mysql`"));
}

#[test]
fn another_scheme_is_a_fault() {
    for text in [
        "",
        "auth.db",
        "mysql:typo",
        "mysql:",
        "postgres:hush",
        "postgres:x?host=hush",
        "postgres:/x?host=hush",
        "postgresql:x?host=y://ann:hush@db",
        "postgres:x?host=db&password=hush",
        "oracle://hush@db/x",
        "postgresql+psycopg2://db/x",
        "SQLITE://x",
        "http://x/y",
    ] {
        let fault = fault(text);
        assert!(
            matches!(fault, DatabaseUrlFault::UnknownScheme | DatabaseUrlFault::Lacks(_) | DatabaseUrlFault::NotBuiltIn { .. }),
            "{text}: {fault}"
        );
    }
}

/// Wherever unencoded characters cut a password.
#[cfg(feature = "postgres")]
#[test]
fn a_password_that_is_not_encoded_is_not_shown() {
    for password in [
        "hush",
        "1/hush",
        "/hush",
        "1?hush",
        "1#hush",
        "1@hush",
        "%hush",
        "%zhush",
        "hush%",
        "1/x?hush",
        ":hush",
        "[hush",
        "1/hush@x",
        "1@hush://n@l/../../x",
        "1/x?host=hush%40",
        "1/hush?x",
        "1@2/hush?x",
        "/hush?",
        "1/hush?host=x",
    ] {
        let text = format!("postgres://ann:{password}@db/auth");
        match text.parse::<DatabaseUrl>() {
            Ok(url) => assert!(!format!("{url} {url:?}").contains("hush"), "{text}: {url}"),
            Err(fault) => assert!(!format!("{fault} {fault:?}").contains("hush"), "{text}: {fault}"),
        }
    }
}

#[cfg(feature = "postgres")]
#[test]
fn what_a_postgres_url_says_is_left_as_it_is() {
    let url: DatabaseUrl = "postgres://ann:h%2Bush@db/auth?options=-c%20x%3D1&connect_timeout=9".parse().unwrap();
    let words = libpq_reads(&url);
    assert!(words.starts_with("postgres://ann:h%2Bush@db/auth?options=-c%20x%3D1&connect_timeout=9&keepalives_idle="), "{words}");
    assert_eq!(words.matches("connect_timeout").count(), 1);
}
