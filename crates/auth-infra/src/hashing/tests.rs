//! Password hashes, compared with passlib's, and damaged ones.

mod vectors;
pub(super) mod work;

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
async fn every_byte_counts_also_a_nul_and_those_beyond_72() {
    let long = "y".repeat(127);
    let form = hashed(&(long.clone() + "a")).await;
    assert!(!verifies(&(long + "b"), form.expose()).await);
    for password in ["P\0P", "P\0", "\0", "P\0Q"] {
        let form = hashed(password).await;
        assert!(verifies(password, form.expose()).await, "{password:?}");
        assert!(!verifies("P", form.expose()).await, "{password:?}");
    }
    // bcrypt repeats its input, NUL included, so it cannot distinguish these.
    let (of_p, of_none) = (hashed("P").await, hashed("").await);
    assert!(!verifies("P\0P", of_p.expose()).await);
    assert!(!verifies("P\0P\0P", of_p.expose()).await);
    assert!(!verifies("\0", of_none.expose()).await);
}

#[tokio::test]
async fn nobody_has_the_decoys_password() {
    let hasher = hasher(LOWEST);
    assert_eq!(hasher.decoy.cost, LOWEST);
    assert!(StoredHash::parse(&hasher.decoy.to_text()).is_ok());
    for text in ["", "Correct-Horse-1", &"x".repeat(100)] {
        assert!(!hasher.verify(hasher.admit().unwrap(), attempt(text), None).await.unwrap());
    }
    // Not even a password that matches the decoy.
    let found = BcryptHasher { decoy: Arc::new(StoredHash::of("found", LOWEST, [0; 16])), ..hasher };
    assert!(!found.verify(found.admit().unwrap(), attempt("found"), None).await.unwrap());
}

/// The rounds that verifying costs where new hashes cost `usual`, and the answer.
fn rounds(stored: &StoredHash, text: &str, usual: u32) -> (u64, bool) {
    work::take();
    let right = stored.verifies(&attempt(text), usual);
    (work::take(), right)
}

#[test]
fn a_no_costs_the_same_rounds_whatever_the_hash_is() {
    const USUAL: u32 = 8;
    let long = "x".repeat(100);
    let decoy = StoredHash::decoy(USUAL, [1; 16], [2; 23]);
    for attempt in ["wrong", &long, "", "wro\0ng"] {
        assert_eq!(rounds(&decoy, attempt, USUAL), (1 << USUAL, false));
        for cost in LOWEST..=USUAL {
            for password in ["Correct-Horse-1", &"y".repeat(100)] {
                let form = StoredHash::of(password, cost, [3; 16]).to_text();
                for prefix in ["$2a$", "$2y$", "$2b$"] {
                    let stored = StoredHash::parse(&form.replacen("$2b$", prefix, 1)).unwrap();
                    assert_eq!(rounds(&stored, attempt, USUAL), (1 << USUAL, false), "cost {cost}, {attempt:?}");
                    // A disabled account answers no as well.
                    assert_eq!(rounds(&stored, password, USUAL), (1 << USUAL, true), "cost {cost}");
                }
            }
        }
    }
    // What costs more than new hashes can only take longer.
    assert_eq!(rounds(&StoredHash::of("x", USUAL + 1, [3; 16]), "y", USUAL), (2 << USUAL, false));
}

#[test]
fn what_was_typed_in_another_form_costs_twice_the_rounds_whether_or_not_it_is_right() {
    const USUAL: u32 = 6;
    let (composed, decomposed) = ("Pässwörter-17", "Pa\u{308}sswo\u{308}rter-17");
    let decoy = StoredHash::decoy(USUAL, [1; 16], [2; 23]);
    assert_eq!(rounds(&decoy, decomposed, USUAL), (2 << USUAL, false));
    for (password, cost) in [(composed, USUAL), (decomposed, USUAL), (composed, LOWEST), (decomposed, LOWEST)] {
        // Hashed as it was typed, by another system or an earlier release.
        let stored = StoredHash::of(password, cost, [3; 16]);
        assert_eq!(rounds(&stored, decomposed, USUAL), (2 << USUAL, true));
        assert_eq!(rounds(&stored, "Pa\u{308}sswort-18", USUAL), (2 << USUAL, false));
        assert_eq!(rounds(&stored, composed, USUAL), (1 << USUAL, password == composed));
    }
}

#[tokio::test]
async fn a_hash_of_what_was_typed_in_another_form_goes_on_being_right() {
    let decomposed = "Pa\u{308}sswo\u{308}rter-17";
    let form = StoredHash::of(decomposed, LOWEST, [3; 16]).to_text();
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
        swapped(prehashed, "v=2,t=2b,r=4", "2b,4"),
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
    let form = StoredHash::of("U*U", LOWEST, *b"sixteen bytes ..").to_text();
    let (head, digest) = form.split_at(29);
    let next = |text: &str| {
        let last = text.as_bytes()[text.len() - 1];
        format!("{}{}", &text[..text.len() - 1], char::from(last + 1))
    };
    assert!(verifies("U*U", &format!("{}{digest}", next(head))).await);
    assert!(verifies("U*U", &next(&form)).await);
    let (_, prehashed) = vectors::PREHASHED[1];
    let (salted, digest) = prehashed.rsplit_once('$').unwrap();
    assert!(matches!(StoredHash::parse(&format!("{}${digest}", next(salted))), Err(PortError::Corrupt(_))));
}

#[test]
fn a_form_is_outdated_when_its_cost_is_below_that_of_new_ones() {
    let hasher = hasher(5);
    let outdated = |form: &str| hasher.is_outdated(&PasswordHash::new(form.to_owned()));
    assert!(outdated(vectors::PLAIN[0].1));
    assert!(outdated(vectors::PREHASHED[0].1));
    assert!(outdated("$2a$04$7P52TQm9AjeEdu4X79tuResUdH00FTRhA1R7LKCp9jADraGkte4c."));
    assert!(!outdated("$2y$05$RlaS8G1zlZcTQfqvAYfiOej02RlJEYfSvBOCtJbi/MvLwfE7EHlFC"));
    assert!(!outdated(&StoredHash::decoy(6, [1; 16], [2; 23]).to_text()));
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
