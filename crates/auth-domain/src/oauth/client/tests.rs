//! Names, and which secrets are good when.

use super::*;
use crate::testkit::samples::{after, client, start};

fn hash(text: &str) -> SecretHash {
    SecretHash::new(text.to_owned())
}

fn good(client: &Client, seconds: i64) -> Vec<&str> {
    client.good_at(after(seconds)).map(SecretHash::expose).collect()
}

#[test]
fn a_name_is_trimmed_and_of_some_length() {
    assert_eq!(" Orders \n".parse::<ClientName>().unwrap().as_str(), "Orders");
    assert!("ä".repeat(100).parse::<ClientName>().is_ok());
    for none in ["", "  ", "a\nb", "a\u{1b}[31m", &"ä".repeat(101)] {
        assert_eq!(none.parse::<ClientName>(), Err(ClientNameFault), "{none:?}");
    }
}

#[test]
fn a_replaced_secret_is_good_for_the_overlap_and_no_longer() {
    let first = Client { secret: hash("1"), ..client("orders") };
    assert_eq!(good(&first, 0), ["1"]);
    let second = first.rotated(hash("2"), TimeDelta::hours(1), start());
    assert_eq!((second.rotated_at, &second.name, second.created_at), (Some(start()), &first.name, first.created_at));
    assert_eq!((good(&second, 0), good(&second, 3599), good(&second, 3600)), (vec!["2", "1"], vec!["2", "1"], vec!["2"]));
    let third = second.rotated(hash("3"), TimeDelta::hours(1), after(60));
    assert_eq!(good(&third, 60), ["3", "2"], "not the one from before that");
}

#[test]
fn without_an_overlap_the_old_secret_is_not_even_kept() {
    let first = Client { secret: hash("1"), ..client("orders") };
    let second = first.rotated(hash("2"), TimeDelta::hours(1), start()).rotated(hash("3"), TimeDelta::zero(), start());
    assert_eq!((&second.former, good(&second, 0)), (&None, vec!["3"]));
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!(
        "{:?} {:?}",
        ClientSecret::new("hush".to_owned()),
        client("orders").rotated(hash("hush"), TimeDelta::hours(1), start())
    );
    assert!(!shown.contains("hush") && shown.contains("redacted"), "{shown}");
}
