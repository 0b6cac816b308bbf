//! Files of other systems, which the first byte names: what is taken of a record keeps every rule of an account here, and no reason
//! repeats what stood there.

use auth_domain::{
    admin::import::Refusal,
    identity::{document::Document, email::Email, role::Role},
};
use auth_infra::account_files::{FileFault, Format, HashParameters, Listed, read_accounts};
use chrono::{DateTime, Utc};

fn format(system: u8) -> Format {
    match system % 6 {
        0 => Format::Auth0,
        1 => {
            let parameters = HashParameters::new("A".repeat(86) + "==", "Bw==".to_owned(), 8, 14);
            Format::Firebase(Some(parameters.expect("base64")))
        }
        2 => Format::Keycloak,
        3 => Format::Django,
        4 => Format::GoTrue,
        _ => Format::Csv,
    }
}

pub fn check(data: &[u8]) {
    let Some((&system, file)) = data.split_first() else { return };
    let format = format(system);
    let read = |file: &[u8]| read_accounts(file, &format, DateTime::<Utc>::UNIX_EPOCH);
    let listed = match read(file) {
        Ok(listed) => listed,
        Err(fault) => {
            let told = fault.to_string();
            assert!(matches!(fault, FileFault::Shape { .. }) && is_our_own(&told), "{told:?}");
            return;
        }
    };
    let mut last = 0;
    for Listed { candidate, .. } in &listed {
        let number: u64 = candidate.number.parse().expect("a number");
        assert!(number > last, "not in order");
        last = number;
        match &candidate.account {
            Ok(account) => {
                assert_eq!(account.email.as_str().parse(), Ok::<Email, _>(account.email.clone()), "not canonical");
                assert!(!account.roles.has(Role::ADMIN) || matches!(format, Format::Csv), "an administrator");
                for document in [&account.profile, &account.attributes] {
                    assert_eq!(Document::of(document.members().clone()).as_ref(), Ok(document));
                }
            }
            Err(Refusal::Unreadable(why)) => assert!(is_our_own(why), "{why:?}"),
            Err(Refusal::Address) => {}
            Err(other) => panic!("only the import says so: {other}"),
        }
    }
    // A mark in front changes nothing.
    if !file.starts_with(b"\xef\xbb\xbf") {
        let marked = read(&[b"\xef\xbb\xbf", file].concat()).expect("read before");
        assert!(marked.iter().map(|one| &one.candidate).eq(listed.iter().map(|one| &one.candidate)));
    }
}

/// Short, and without what every address and nearly every hash has.
fn is_our_own(told: &str) -> bool {
    told.len() < 400 && told.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !told.contains(['@', '$'])
}
