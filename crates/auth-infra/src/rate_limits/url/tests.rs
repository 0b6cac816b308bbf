//! URLs of servers and clusters, sound and broken.

use super::*;

fn url(text: &str) -> RateLimitUrl {
    text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn a_url_says_how_the_server_is_reached() {
    let plain = RateLimitUrl {
        host: "limits.internal".to_owned(),
        port: 6379,
        encrypted: false,
        ca: None,
        login: None,
        database: 0,
        cluster: false,
    };
    assert_eq!(url("redis://limits.internal"), plain);
    assert_eq!(url(" redis://Limits.internal:6379/0\n"), plain);
    assert_eq!(url("rediss://limits.internal/"), RateLimitUrl { encrypted: true, ..plain.clone() });
    assert_eq!(url("redis://limits.internal:7000?cluster=true"), RateLimitUrl { port: 7000, cluster: true, ..plain.clone() });
    let with_ca = url("rediss://limits.internal/3?ca=/etc/a+b%20c.pem");
    assert_eq!((with_ca.ca, with_ca.database), (Some("/etc/a+b c.pem".into()), 3));
    assert_eq!(url("redis://[::1]:6380").host, "::1");
}

#[test]
fn user_and_password_are_percent_encoded_and_shown_to_nobody() {
    let found = url("rediss://ann%40work:p%3Aa%2Fs%20s%C3%A9%25+@limits.internal:6380/1");
    let login = found.login.clone().unwrap();
    assert_eq!((login.user.as_deref(), login.password.as_str()), (Some("ann@work"), "p:a/s sé%+"));
    let shown = format!("{found:?} {found}");
    assert!(!shown.contains("ann") && !shown.contains("s sé"), "{shown}");
    assert_eq!(found.to_string(), "rediss://limits.internal:6380");
    assert_eq!(url("redis://:hush@[::1]").login.unwrap().user, None);
    assert_eq!(url("redis://:hush@[::1]").to_string(), "redis://[::1]:6379");
}

#[test]
fn in_clear_is_what_leaves_this_machine_without_tls() {
    for (text, in_clear) in [
        ("redis://localhost", false),
        ("redis://127.9.9.9", false),
        ("redis://[::1]", false),
        ("redis://10.0.0.1", true),
        ("redis://localhost.example.org", true),
        ("rediss://10.0.0.1", false),
    ] {
        assert_eq!(url(text).travels_in_clear(), in_clear, "{text}");
    }
}

#[test]
fn whatever_is_wrong_is_told_without_a_word_of_it() {
    let faults = [
        ("limits.internal", RateLimitUrlFault::Malformed),
        ("redis:limits.internal", RateLimitUrlFault::Malformed),
        ("http://limits.internal", RateLimitUrlFault::Malformed),
        ("redis+unix:///run/redis.sock", RateLimitUrlFault::Malformed),
        ("redis://limits.internal:0", RateLimitUrlFault::Malformed),
        ("redis://limits.internal:99999", RateLimitUrlFault::Malformed),
        ("rediss://limits.internal/#insecure", RateLimitUrlFault::Malformed),
        ("redis://:sec%FFret@limits.internal", RateLimitUrlFault::Malformed),
        ("redis://", RateLimitUrlFault::Host),
        ("redis://münchen.example", RateLimitUrlFault::Host),
        ("redis://secret@limits.internal", RateLimitUrlFault::Login),
        ("redis://ann:sec%00ret@limits.internal", RateLimitUrlFault::Login),
        ("redis://limits.internal/secret", RateLimitUrlFault::Database),
        ("redis://limits.internal/-1", RateLimitUrlFault::Database),
        ("redis://limits.internal/1?cluster=true", RateLimitUrlFault::Database),
        ("redis://limits.internal?cluster=false", RateLimitUrlFault::Parameter),
        ("redis://limits.internal?cluster=true&cluster=true", RateLimitUrlFault::Parameter),
        ("redis://limits.internal?ca=/x.pem", RateLimitUrlFault::Parameter),
        ("rediss://limits.internal?ca=", RateLimitUrlFault::Parameter),
        ("rediss://limits.internal?secret", RateLimitUrlFault::Parameter),
    ];
    for (text, fault) in faults {
        assert_eq!(text.parse::<RateLimitUrl>(), Err(fault), "{text}");
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}
