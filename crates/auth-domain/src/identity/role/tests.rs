//! Names of roles, and how many there may be.

use super::*;

fn roles(text: &str) -> Roles {
    text.parse().unwrap()
}

#[test]
fn a_role_has_a_name_that_claims_urls_and_logs_can_hold() {
    let longest = format!("a{}", "z".repeat(62));
    for name in ["admin", "a", "billing:read", "a_b.c-d:9", &longest] {
        assert_eq!(name.parse::<Role>().unwrap().to_string(), name);
    }
    for name in ["", "Admin", "9a", "_a", "a b", "a\u{e9}", "a/b", "a\n", " a", &format!("{longest}z")] {
        assert_eq!(name.parse::<Role>(), Err(RoleFault::Name), "{name:?}");
    }
}

#[test]
fn each_is_there_once_in_the_order_of_names() {
    assert_eq!(roles("b a b").to_string(), "a b");
    assert_eq!((roles("").to_string(), roles("").is_empty()), (String::new(), true));
    assert_eq!(roles("a").with("b".parse().unwrap()).unwrap().without(&"a".parse().unwrap()), roles("b"));
    assert_eq!((roles("admin").administers(), roles("administrator").administers()), (true, false));
}

#[test]
fn there_may_be_32() {
    let many = |count: usize| Roles::of((0..count).map(|number| format!("r{number}").parse().unwrap()));
    assert!(many(ROLES_MAX).is_ok());
    assert_eq!(many(ROLES_MAX + 1), Err(RoleFault::TooMany));
    assert_eq!(many(ROLES_MAX).unwrap().with("one.more".parse().unwrap()), Err(RoleFault::TooMany));
    assert!(many(ROLES_MAX).unwrap().with("r0".parse().unwrap()).is_ok(), "it has that one");
}
