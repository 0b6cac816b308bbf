//! `DATABASE_URL`: whatever it contains, its password appears in no text that anybody sees.

use auth_infra::db::{DatabaseUrl, Engine};

/// Part of every password here, and of nothing else.
const SECRET: &str = "hush";

/// One line is a URL. Four are the parts of one: the user, what precedes and follows the secret in the password, and what follows
/// the `@`.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.split('\n').collect();
    match lines.as_slice() {
        [user, before, behind, after] if !text.contains(SECRET) => around_the_secret(user, before, behind, after),
        _ => as_it_is(text),
    }
}

/// Wherever unencoded characters cut a password.
fn around_the_secret(user: &str, before: &str, behind: &str, after: &str) {
    if user.contains(['/', '?', '#', ':', '@', '\\']) {
        return;
    }
    for scheme in ["postgres", "postgresql", "mysql"] {
        let url = format!("{scheme}://{user}:{before}{SECRET}{behind}@{after}");
        assert!(!told(&url).contains(SECRET), "{url:?} becomes {:?}", told(&url));
        // libpq looks for a password here as well.
        let parameter = format!("{scheme}://{user}@{after}?password={before}{SECRET}{behind}");
        // Unless it is more than one parameter.
        if !after.contains(['?', '#']) && !before.contains('&') {
            assert!(!told(&parameter).contains(SECRET), "{parameter:?} becomes {:?}", told(&parameter));
        }
    }
}

/// All texts that are made from a URL.
fn told(text: &str) -> String {
    match text.parse::<DatabaseUrl>() {
        Ok(url) => format!("{url} {url:?}"),
        Err(fault) => format!("{fault} {fault:?}"),
    }
}

fn as_it_is(text: &str) {
    assert_eq!(told(&format!(" {text}\n")), told(text), "the space around does not matter");
    if let Some((before, behind)) = around_the_password(text) {
        assert_eq!(told(&format!("{before}another{behind}")), told(text), "the password leaves no trace");
    }
    let Ok(url) = text.parse::<DatabaseUrl>() else { return };
    assert_eq!(format!("{url:?}"), format!("DatabaseUrl({url})"));
    let (scheme, rest) = text.trim().split_once(':').expect("a scheme");
    let engine = match scheme {
        "sqlite" => Engine::Sqlite,
        "postgres" | "postgresql" => Engine::Postgres,
        "mysql" => Engine::Mysql,
        _ => panic!("{scheme:?} names no engine"),
    };
    assert_eq!(url.engine(), engine);
    if engine == Engine::Sqlite {
        let path = url.to_string().strip_prefix("SQLite file ").map(str::to_owned).expect("a path");
        // SQLAlchemy's way to say so.
        if rest == "//" {
            assert_eq!(path, ":memory:");
            return;
        }
        assert!(rest.strip_suffix(&path).is_some_and(|slashes| slashes.chars().all(|c| c == '/')), "{text:?} is {path:?}");
        assert!(!path.is_empty() && !path.contains(['?', '\0']), "{path:?}");
    } else {
        assert!(url.to_string().starts_with(&format!("{engine} at ")), "{url}");
    }
}

/// What precedes and follows the password of a server's URL, where it needs no encoding.
fn around_the_password(text: &str) -> Option<(&str, &str)> {
    let authority = text.find("://").filter(|_| !text.trim().starts_with("sqlite"))? + "://".len();
    let rest = text.get(authority..)?;
    let at = rest.split(['/', '?', '#']).next()?.rfind('@')?;
    let colon = rest.get(..at)?.find(':')?;
    let (before, password, behind) = (text.get(..=authority + colon)?, rest.get(colon + 1..at)?, rest.get(at..)?);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    (!password.is_empty() && password.chars().all(plain)).then_some((before, behind))
}
