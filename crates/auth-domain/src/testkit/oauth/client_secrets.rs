//! What every [`ClientSecrets`](crate::oauth::ports::ClientSecrets) keeps.

use crate::oauth::client::SecretHash;
use crate::testkit::{
    fixtures::SecretMakers,
    samples::{client_secret, secret_hash},
};

/// One test per clause: `client_secrets_contract!(fixture)`, where the fixture is a future of [`SecretMakers`].
#[macro_export]
macro_rules! client_secrets_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; oauth::client_secrets:
            knows_its_secrets_again,
            makes_another_one_each_time,
            takes_nothing_that_is_kept_for_a_secret,
            knows_nothing_of_what_it_cannot_read,
        }
    };
}

pub async fn knows_its_secrets_again(makers: &SecretMakers) {
    let (secret, kept) = makers.secrets.make();
    assert!(makers.secrets.matches(&secret, &kept));
    for wrong in [String::new(), format!("{} ", secret.expose()), secret.expose().to_uppercase(), secret.expose()[1..].to_owned()]
    {
        assert!(!makers.secrets.matches(&client_secret(&wrong), &kept), "{wrong}");
    }
}

pub async fn makes_another_one_each_time(makers: &SecretMakers) {
    let ((one, kept_one), (other, kept_other)) = (makers.secrets.make(), makers.secrets.make());
    assert!(one.expose() != other.expose() && kept_one != kept_other);
    assert!(!makers.secrets.matches(&one, &kept_other) && !makers.secrets.matches(&other, &kept_one));
}

pub async fn takes_nothing_that_is_kept_for_a_secret(makers: &SecretMakers) {
    let (_secret, kept) = makers.secrets.make();
    assert!(!makers.secrets.matches(&client_secret(kept.expose()), &kept));
}

pub async fn knows_nothing_of_what_it_cannot_read(makers: &SecretMakers) {
    let (secret, _kept) = makers.secrets.make();
    for none in [SecretHash::new(String::new()), SecretHash::new("nonsense".to_owned()), secret_hash("")] {
        assert!(!makers.secrets.matches(&secret, &none));
    }
}
