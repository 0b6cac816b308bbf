//! Password hashes, compared with passlib's, and damaged ones.

mod foreign;
mod mutated;
mod time;
mod vectors;
pub(super) mod work;

use std::sync::Arc;

use auth_domain::testkit::Hashers;

use super::*;

const LOWEST: u32 = 4;

fn hasher(cost: u32) -> BcryptHasher {
    BcryptHasher::start(HasherOptions { cost, workers: 2, max_wait: Duration::from_secs(60) }).unwrap()
}

auth_domain::password_hasher_contract!(async {
    Hashers { hasher: Arc::new(hasher(LOWEST)), costlier: Arc::new(hasher(LOWEST + 1)) }
});

fn attempt(text: &str) -> PasswordAttempt {
    PasswordAttempt::new(text.to_owned())
}

async fn hashed(text: &str) -> PasswordHash {
    let hasher = hasher(LOWEST);
    hasher.hash(hasher.admit().unwrap(), attempt(text).proven()).await.unwrap()
}

async fn verifies(text: &str, form: &str) -> bool {
    let hasher = hasher(LOWEST);
    hasher.verify(hasher.admit().unwrap(), attempt(text), Some(&PasswordHash::new(form.to_owned()))).await.unwrap()
}

#[tokio::test]
async fn what_passlib_hashed_verifies_and_nothing_else_does() {
    for (password, form) in vectors::PLAIN.iter().chain(vectors::PREHASHED) {
        assert!(verifies(password, form).await, "{form}");
        for other in [
            format!("{password}x"),
            format!("{password} "),
            format!("{password}\0"),
            format!("x{password}"),
            password.to_uppercase() + "X",
        ] {
            assert!(!verifies(&other, form).await, "{other:?} {form}");
        }
        let mut shorter = (*password).to_owned();
        if shorter.pop().is_some() {
            assert!(!verifies(&shorter, form).await, "{shorter:?} {form}");
        }
    }
}

#[tokio::test]
async fn a_password_that_plain_bcrypt_would_cut_never_verifies_against_it() {
    for (password, form) in vectors::CUT {
        assert!(!verifies(password, form).await, "{form}");
        assert!(!verifies(&"x".repeat(71), form).await, "{form}");
    }
}

#[tokio::test]
async fn up_to_71_bytes_are_kept_plain_and_more_are_hashed_before() {
    for (password, prefix, length) in [
        ("x".repeat(71), "$2b$04$", 60),
        ("x".repeat(69) + "é", "$2b$04$", 60),
        ("x".repeat(72), "$bcrypt-sha256$v=2,t=2b,r=4$", 82),
        ("x".repeat(70) + "é", "$bcrypt-sha256$v=2,t=2b,r=4$", 82),
        ("😀".repeat(128), "$bcrypt-sha256$v=2,t=2b,r=4$", 82),
    ] {
        let form = hashed(&password).await;
        assert!(form.expose().starts_with(prefix), "{}", form.expose());
        assert_eq!(form.expose().len(), length);
        assert!(verifies(&password, form.expose()).await);
        assert!(!verifies(&(password.clone() + "x"), form.expose()).await);
        assert_ne!(hashed(&password).await, form, "the salt is new each time");
    }
}

#[tokio::test]
async fn every_byte_counts_also_those_beyond_72() {
    let long = "y".repeat(127);
    let form = hashed(&(long.clone() + "a")).await;
    assert!(!verifies(&(long + "b"), form.expose()).await);
}

#[tokio::test]
async fn bcrypt_repeats_its_input_but_nobody_gets_in_by_that() {
    let (of_p, of_none) = (hashed("P").await, hashed("").await);
    assert!(!verifies("P\0P", of_p.expose()).await);
    assert!(!verifies("P\0P\0P", of_p.expose()).await);
    assert!(!verifies("\0", of_none.expose()).await);
}

#[tokio::test]
async fn without_a_hash_nobody_has_the_password() {
    let hasher = hasher(LOWEST);
    for text in ["", "Correct-Horse-1", &"x".repeat(100)] {
        assert!(!hasher.verify(hasher.admit().unwrap(), attempt(text), None).await.unwrap());
    }
}

#[tokio::test]
async fn a_hash_of_what_was_typed_in_another_form_goes_on_being_right() {
    let decomposed = "Pa\u{308}sswo\u{308}rter-17";
    let form = StoredHash::of(decomposed, LOWEST, [3; 16]);
    assert!(verifies(decomposed, &form).await);
    assert!(!verifies("Pässwörter-17", &form).await, "the hash does not say what was typed");
}

#[tokio::test]
async fn a_form_that_cannot_be_read_or_costs_too_much_is_an_error_and_costs_nothing() {
    let (_, plain) = vectors::PLAIN[2];
    let (_, prehashed) = vectors::PREHASHED[1];
    let swapped = |form: &str, old: &str, new: &str| {
        let bent = form.replacen(old, new, 1);
        assert_ne!(form, bent);
        bent
    };
    let bent = [
        String::new(),
        "$2b$".to_owned(),
        "plain".to_owned(),
        swapped(plain, "$04$", "$17$"),
        swapped(plain, "$04$", "$31$"),
        swapped(plain, "$04$", "$99$"),
        swapped(plain, "$04$", "$4294967300$"),
        swapped(plain, "$04$", "$03$"),
        swapped(plain, "$04$", "$4$"),
        swapped(plain, "$04$", "$+4$"),
        swapped(plain, "$2b$", "$2x$"),
        swapped(plain, "$2b$", "$2$"),
        swapped(plain, "$2b$", "$1$"),
        format!("{plain}A"),
        format!("{plain}\n"),
        format!(" {plain}"),
        plain[..59].to_owned(),
        format!("{}!{}", &plain[..20], &plain[21..]),
        plain[..40].to_owned() + "é" + &plain[42..],
        "é".repeat(30),
        swapped(prehashed, "r=4", "r=17"),
        swapped(prehashed, "r=4", "r=04"),
        swapped(prehashed, "v=2", "v=3"),
        swapped(prehashed, "t=2b", "t=2a"),
        swapped(prehashed, "v=2,t=2b,r=4", "2y,4"),
        format!("{prehashed}A"),
        format!("{prehashed}$"),
        swapped(prehashed, "$bcrypt", "bcrypt"),
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA".to_owned(),
    ];
    let hasher = hasher(LOWEST);
    for form in bent {
        let form = PasswordHash::new(form);
        let outcome = hasher.verify(hasher.admit().unwrap(), attempt("x"), Some(&form)).await;
        assert!(matches!(&outcome, Err(PortError::Corrupt(why)) if !why.contains('$')), "{outcome:?} {}", form.expose());
        assert!(!hasher.is_outdated(&form));
    }
}

#[tokio::test]
async fn stray_bits_of_other_systems_are_borne_where_they_mean_nothing() {
    // Only two and four bits of the last characters of salt and digest count; passlib writes `S` and `e`.
    let form = StoredHash::of("U*U", LOWEST, *b"sixteen bytes ..");
    let (head, digest) = form.split_at(29);
    let next = |text: &str| {
        let last = text.as_bytes()[text.len() - 1];
        format!("{}{}", &text[..text.len() - 1], char::from(last + 1))
    };
    assert!(verifies("U*U", &format!("{}{digest}", next(head))).await);
    assert!(verifies("U*U", &next(&form)).await);
    let (_, prehashed) = vectors::PREHASHED[1];
    let (salted, digest) = prehashed.rsplit_once('$').unwrap();
    assert!(matches!(StoredHash::parse(&format!("{}${digest}", next(salted))), Err(HashFault::Malformed)));
}

#[test]
fn a_form_is_outdated_when_it_is_another_systems_or_its_cost_is_below_that_of_new_ones() {
    let hasher = hasher(5);
    let outdated = |form: &str| hasher.is_outdated(&PasswordHash::new(form.to_owned()));
    assert!(outdated(vectors::PLAIN[0].1));
    assert!(outdated(vectors::PREHASHED[0].1));
    assert!(outdated("$2a$04$7P52TQm9AjeEdu4X79tuResUdH00FTRhA1R7LKCp9jADraGkte4c."));
    assert!(outdated("$2y$05$RlaS8G1zlZcTQfqvAYfiOej02RlJEYfSvBOCtJbi/MvLwfE7EHlFC"), "we do not write it so");
    for password in ["x", &"x".repeat(100)] {
        assert!(!outdated(&StoredHash::of(password, 5, [1; 16])) && !outdated(&StoredHash::of(password, 6, [1; 16])));
    }
}

#[tokio::test]
async fn when_all_threads_are_busy_for_too_long_the_answer_is_overloaded() {
    let hasher = BcryptHasher::start(HasherOptions { cost: LOWEST, workers: 1, max_wait: Duration::ZERO }).unwrap();
    let place = hasher.admit().unwrap();
    assert!(matches!(hasher.admit().map(drop), Err(PortError::Overloaded { .. })));
    assert!(hasher.hash(place, attempt("one").proven()).await.is_ok());
    assert!(!hasher.verify(hasher.admit().unwrap(), attempt("two"), None).await.unwrap());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (cost, workers) in [(3, 1), (17, 1), (31, 1), (12, 0)] {
        let outcome = BcryptHasher::start(HasherOptions { cost, workers, max_wait: Duration::ZERO });
        assert!(matches!(outcome.map(|_hasher| ()), Err(PortError::Internal(_))), "{cost} {workers}");
    }
}
