//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps of what waits, of names and of pruning; of the rest, see `confirm`,
//! `passkeys_added`, `removal`, `codes` and `secrets`.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::scenes::{addition, enrolled, started, with_app, with_passkey};
use crate::factors::{
    factor::{Factor, FactorName},
    passkey::Passkey,
    totp::{TOTP_LIMIT, TotpFactor},
};
use crate::identity::user::User;
use crate::mfa::ports::{Added, FactorList, Started};
use crate::testkit::{
    factors::samples::{app, codes, passkey, with_code},
    fixtures::{Stores, other_versions, together},
    samples::{after, user},
};

/// One test per clause: `factor_store_contract!(fixture)` or `factor_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! factor_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::factor_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; mfa::factor_store:
            lists_factors_oldest_first,
            keeps_an_app_that_waits,
            keeps_one_app_that_waits,
            starts_an_app_only_for_the_account_that_was_proven,
            starts_as_many_apps_as_an_account_may_have,
            starts_one_app_however_many_ask,
            names_factors,
            names_no_factor_of_others,
            forgets_apps_that_have_waited_too_long,
            forgets_the_factors_of_an_account_that_is_gone,
        }
        $crate::clauses! { $attributes $fresh; mfa::confirm:
            confirms_an_app,
            confirms_another_app_without_codes,
            confirms_only_for_the_account_that_was_proven,
            confirms_nothing_for_a_session_that_has_ended,
            confirms_only_what_waits_for_its_owner,
            confirms_by_a_step_that_was_not_used,
            confirms_once_however_many_ask,
            confirms_while_a_login_begins,
        }
        $crate::clauses! { $attributes $fresh; mfa::passkeys_added:
            adds_a_passkey,
            adds_a_passkey_to_an_app,
            adds_only_for_the_account_that_was_proven,
            adds_no_credential_that_some_account_has,
            adds_as_many_passkeys_as_an_account_may_have,
            adds_one_passkey_however_many_come_at_once,
            adds_a_contested_credential_once,
        }
        $crate::clauses! { $attributes $fresh; mfa::removal:
            removes_a_factor,
            removes_the_recovery_codes_with_the_last_factor,
            removes_all_but_the_last_factor,
            removes_only_confirmed_factors_of_the_account,
            removes_one_of_two_contested_factors,
            resets_all_factors,
            resets_an_account_without_factors,
        }
        $crate::clauses! { $attributes $fresh; mfa::codes:
            replaces_recovery_codes,
            replaces_codes_only_for_the_account_that_was_proven,
            replaces_no_codes_without_a_factor,
            replaces_codes_once_however_many_ask,
        }
        $crate::clauses! { $attributes $fresh; mfa::secrets:
            names_secrets_page_by_page,
            replaces_a_secret_that_is_still_there,
            names_the_keys_of_confirmed_apps,
            knows_whether_anybody_has_a_factor,
        }
    };
    ($fresh:expr) => {
        $crate::factor_store_contract!(@all [] $fresh);
    };
}

pub(super) async fn list(stores: &Stores, user: &User) -> FactorList {
    stores.factors.list(user.id).await.unwrap()
}

pub(super) async fn pending(stores: &Stores, app: &TotpFactor) -> Option<TotpFactor> {
    stores.factors.pending_totp(app.user, app.id).await.unwrap()
}

pub async fn lists_factors_oldest_first(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    enrolled(stores, "ben@example.org").await;
    let (second, newest) = (with_app(stores, &ann.session, &ann.user, &[], 10).await, passkey(&ann.user, 12));
    with_passkey(stores, &ann.session, &newest, &[]).await;
    started(stores, &ann.user, 13).await;
    let factors = vec![Factor::from(ann.app), Factor::from(ann.passkey), Factor::from(second), Factor::from(newest)];
    assert_eq!(list(stores, &ann.user).await, FactorList { factors, recovery_codes_left: 10 });
    assert_eq!(list(stores, &user("cid@example.org")).await, FactorList::default());
}

pub async fn keeps_an_app_that_waits(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (waiting, another) = (started(stores, &ann, 1).await, app(&ann, 1));
    assert_eq!((pending(stores, &waiting).await, pending(stores, &another).await), (Some(waiting.clone()), None));
    assert_eq!(stores.factors.pending_totp(ben.id, waiting.id).await.unwrap(), None, "it is somebody else's");
    assert_eq!(list(stores, &ann).await, FactorList::default());
    assert_eq!(stores.user(&ann).await, ann, "nothing asks for it yet");
    let confirmed = enrolled(stores, "cid@example.org").await;
    assert_eq!(pending(stores, &confirmed.app).await, None, "it waits no more");
}

pub async fn keeps_one_app_that_waits(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let ben = stores.keep_new("ben@example.org").await;
    let (first, bens) = (started(stores, &ann.user, 10).await, started(stores, &ben, 10).await);
    let second = started(stores, &ann.user, 11).await;
    assert_eq!((pending(stores, &first).await, pending(stores, &second).await), (None, Some(second.clone())));
    assert_eq!(pending(stores, &bens).await, Some(bens.clone()));
    assert_eq!(list(stores, &ann.user).await.factors.len(), 2, "what is confirmed stays");
}

pub async fn starts_an_app_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let first = started(stores, &ann, 1).await;
    for other in other_versions(&ann) {
        assert_eq!(stores.factors.start_totp(&app(&ann, 2), other).await.unwrap(), Started::No);
    }
    assert!(stores.disable(ann.id, after(3)).await.is_some());
    let disabled = stores.user(&ann).await;
    assert_eq!(stores.factors.start_totp(&app(&ann, 4), disabled.version()).await.unwrap(), Started::No);
    assert_eq!(pending(stores, &first).await, Some(first.clone()), "nothing came of it");
    let nobody = user("ben@example.org");
    assert_eq!(stores.factors.start_totp(&app(&nobody, 4), nobody.version()).await.unwrap(), Started::No);
}

pub async fn starts_as_many_apps_as_an_account_may_have(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for seconds in (10..).take(TOTP_LIMIT - 1) {
        with_app(stores, &ann.session, &ann.user, &[], seconds).await;
    }
    let now = stores.user(&ann.user).await;
    assert_eq!(list(stores, &now).await.factors.len(), TOTP_LIMIT + 1, "a passkey does not count");
    let extra = app(&now, 20);
    assert_eq!(stores.factors.start_totp(&extra, now.version()).await.unwrap(), Started::Limit);
    assert_eq!(pending(stores, &extra).await, None);
    let ben = stores.keep_new("ben@example.org").await;
    started(stores, &ben, 20).await;
}

pub async fn starts_one_app_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let apps: Vec<_> = (0..16).map(|seconds| app(&ann, seconds)).collect();
    let outcomes = together(apps.clone().into_iter().map(|app| {
        let (factors, proven) = (stores.factors.clone(), ann.version());
        async move { factors.start_totp(&app, proven).await.unwrap() }
    }))
    .await;
    assert!(outcomes.iter().all(|started| *started == Started::Yes), "{outcomes:?}");
    let secrets = stores.factors.secrets(None, 99).await.unwrap();
    assert_eq!(secrets.len(), 1, "the last one took the place of the others");
}

pub async fn names_factors(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let (phone, key): (FactorName, FactorName) = ("Ann's ☎".parse().unwrap(), "🗝".repeat(64).parse().unwrap());
    assert!(stores.factors.rename(ann.user.id, ann.app.id, &phone).await.unwrap());
    assert!(stores.factors.rename(ann.user.id, ann.passkey.id, &key).await.unwrap());
    let factors = vec![
        Factor::from(TotpFactor { name: phone, ..ann.app }),
        Factor::from(Passkey { name: key.clone(), ..ann.passkey.clone() }),
    ];
    assert_eq!(list(stores, &ann.user).await.factors, factors);
    assert!(stores.factors.rename(ann.user.id, ann.passkey.id, &key).await.unwrap(), "it may have the name already");
    assert_eq!(stores.user(&ann.user).await, ann.user, "the account is as it was");
}

pub async fn names_no_factor_of_others(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 10).await;
    let name = "Mine".parse().unwrap();
    for other in [ben.app.id, ben.passkey.id, waiting.id, app(&ann.user, 0).id] {
        assert!(!stores.factors.rename(ann.user.id, other, &name).await.unwrap());
    }
    assert_eq!(list(stores, &ben.user).await.factors, [Factor::from(ben.app), Factor::from(ben.passkey)]);
    assert_eq!(pending(stores, &waiting).await, Some(waiting.clone()));
}

pub async fn forgets_apps_that_have_waited_too_long(stores: &Stores) {
    let confirmed = enrolled(stores, "ann@example.org").await;
    let mut waiting = Vec::new();
    for seconds in 10..15 {
        let user = stores.keep_new(&format!("ben{seconds}@example.org")).await;
        waiting.push(started(stores, &user, seconds).await);
    }
    assert_eq!(stores.factors.prune(after(10), 99).await.unwrap(), 0);
    assert_eq!(stores.factors.prune(after(14), 2).await.unwrap(), 2);
    assert_eq!(stores.factors.prune(after(14), 99).await.unwrap(), 2);
    assert_eq!(stores.factors.prune(after(14), 99).await.unwrap(), 0);
    let newest = waiting.last().unwrap();
    assert_eq!(pending(stores, newest).await, Some(newest.clone()));
    assert_eq!(list(stores, &confirmed.user).await.factors.len(), 2);
}

pub async fn forgets_the_factors_of_an_account_that_is_gone(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 10).await;
    assert!(stores.delete(ann.user.id, None, after(11)).await);
    assert_eq!((list(stores, &ann.user).await, pending(stores, &waiting).await), (FactorList::default(), None));
    assert_eq!(stores.passkeys.find(&ann.passkey.credential.id).await.unwrap(), None);
    let secrets = stores.factors.secrets(None, 99).await.unwrap();
    assert_eq!(secrets.into_iter().map(|secret| secret.factor).collect::<Vec<_>>(), [ben.app.id]);
    // Its credential does not stand in the way of others.
    let session = with_code(&ben.session, 12);
    let theirs = Passkey { credential: ann.passkey.credential, ..passkey(&ben.user, 12) };
    let added = stores.factors.add_passkey(&theirs, &addition(&ben.user, &session, &codes(), 12, None)).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: false, ended: vec![] });
}
