//! What an account is that comes with all that it had: its id, its factors, its documents and its times.

use chrono::TimeDelta;

use super::*;
use crate::{
    admin::transfer::{AccountRecord, Verification},
    factors::{
        passkey::{PASSKEY_LIMIT, Passkey},
        ports::TotpCodec,
        totp::{TOTP_LIMIT, TotpFactor},
    },
    identity::{document::Document, method::SecondFactors, role::Roles, user::WrongCodes},
    testkit::{
        factors::samples::{app, codes, confirmed, passkey},
        samples::kept_email,
    },
};

/// An authenticator app whose secret this server can decrypt.
fn readable(owner: &User, seconds: i64) -> TotpFactor {
    let app = confirmed(&app(owner, seconds), seconds + 1);
    let secret = FakeTotp::default().make(app.id, &owner.email).unwrap().encrypted;
    TotpFactor { secret, ..app }
}

fn document(text: &str) -> Document {
    text.parse().unwrap()
}

/// Everything that an account can have.
fn whole(address: &str) -> (User, Arrival) {
    let owner = user(address);
    let arrival = Arrival {
        id: Some(owner.id),
        activity: Activity::Disabled(Some(after(-5))),
        verification: Verification::Yes(Some(after(-900))),
        created_at: Some(after(-1000)),
        updated_at: Some(after(-4)),
        last_login_at: Some(after(-300)),
        language: Some(crate::identity::language::Language::German),
        roles: "admin staff".parse().unwrap(),
        profile: document(r#"{"name":"Änn","n":1e300}"#),
        attributes: document(r#"{"plan":"gold"}"#),
        totp: vec![readable(&owner, -200)],
        passkeys: vec![passkey(&owner, -100)],
        recovery_codes: codes(),
        recovery_codes_made_at: Some(after(-199)),
        password: None,
        ..Arrival::of(owner.email.clone())
    };
    (owner, arrival)
}

fn as_candidate(arrival: Arrival) -> Candidate {
    Candidate { number: "1".to_owned(), email: arrival.email.to_string(), account: Ok(Box::new(arrival)) }
}

async fn stored(store: &MemoryStore) -> Vec<AccountRecord> {
    store.page(None, 100).await.unwrap()
}

#[tokio::test]
async fn an_account_comes_with_all_that_it_had() {
    let (store, (owner, arrival)) = (MemoryStore::default(), whole("ann@example.org"));
    imported(&store, &[as_candidate(arrival.clone())]).await;
    let [record] = &stored(&store).await[..] else { panic!("one account") };
    let expected = User {
        id: owner.id,
        email: owner.email,
        password: None,
        state: AccountState::Disabled { since: after(-5) },
        created_at: after(-1000),
        updated_at: after(-4),
        version: 0,
        last_login_at: Some(after(-300)),
        email_verified_at: Some(after(-900)),
        pending_email: None,
        language: arrival.language,
        second_factors: SecondFactors::of(true, true, true),
        wrong_codes: WrongCodes::default(),
        roles: arrival.roles,
        profile: arrival.profile,
        attributes: arrival.attributes,
        described_at: None,
    };
    let mut sorted = arrival.recovery_codes;
    sorted.sort_unstable();
    assert_eq!(record.user, expected);
    assert_eq!((&record.totp, &record.passkeys), (&arrival.totp, &arrival.passkeys));
    assert_eq!((&record.recovery_codes, record.recovery_codes_made_at), (&sorted, Some(after(-199))));
}

#[tokio::test]
async fn what_is_not_known_of_an_account_began_now() {
    let (store, ann) = (MemoryStore::default(), email("ann@example.org"));
    let bare = Arrival { verification: Verification::Yes(None), activity: Activity::Disabled(None), ..Arrival::of(ann.clone()) };
    let [Imported(user)] = &imported(&store, &[as_candidate(bare)]).await[..] else { panic!("one account") };
    let state = AccountState::Disabled { since: start() };
    let expected = User { state, email_verified_at: Some(start()), ..User::new(user.id, ann, None, start()) };
    assert_eq!((&**user, stored(&store).await[0].user.clone()), (&expected, expected.clone()));
}

#[tokio::test]
async fn times_are_cut_to_what_every_database_keeps() {
    let (store, (_, mut arrival)) = (MemoryStore::default(), whole("ann@example.org"));
    let odd = after(-50) + TimeDelta::nanoseconds(999);
    arrival.created_at = Some(odd);
    arrival.totp.iter_mut().for_each(|app| (app.created_at, app.last_used_at) = (odd, Some(odd)));
    arrival.passkeys.iter_mut().for_each(|passkey| passkey.last_used_at = Some(odd));
    imported(&store, &[as_candidate(arrival)]).await;
    let AccountRecord { user, totp, passkeys, .. } = stored(&store).await.remove(0);
    let times = [Some(user.created_at), Some(totp[0].created_at), totp[0].last_used_at, passkeys[0].last_used_at];
    assert_eq!(times, [Some(after(-50)); 4]);
}

#[tokio::test]
async fn every_time_of_it_has_to_be_one_that_every_database_keeps() {
    let bad: DateTime<Utc> = "0999-12-31T23:59:59Z".parse().unwrap();
    let changes: [fn(&mut Arrival, DateTime<Utc>); 9] = [
        |arrival, bad| arrival.created_at = Some(bad),
        |arrival, bad| arrival.updated_at = Some(bad),
        |arrival, bad| arrival.last_login_at = Some(bad),
        |arrival, bad| arrival.activity = Activity::Disabled(Some(bad)),
        |arrival, bad| arrival.verification = Verification::Yes(Some(bad)),
        |arrival, bad| arrival.recovery_codes_made_at = Some(bad),
        |arrival, bad| arrival.totp.iter_mut().for_each(|app| app.confirmed_at = Some(bad)),
        |arrival, bad| arrival.totp.iter_mut().for_each(|app| app.last_used_at = Some(bad)),
        |arrival, bad| arrival.passkeys.iter_mut().for_each(|passkey| passkey.created_at = bad),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (_, mut arrival) = whole("ann@example.org");
        change(&mut arrival, bad);
        assert_eq!(imported(&MemoryStore::default(), &[as_candidate(arrival)]).await, [Refused(Range)], "{number}");
    }
}

#[tokio::test]
async fn factors_that_no_account_can_have_refuse_it() {
    let owner = user("ann@example.org");
    let with = |change: fn(&User, Arrival) -> Arrival| {
        let arrival = Arrival { id: Some(owner.id), ..Arrival::of(owner.email.clone()) };
        as_candidate(change(&owner, arrival))
    };
    let apps = |count: usize| (0..count).map(|_| readable(&owner, -10)).collect::<Vec<_>>();
    let keys = |count: usize| (0..count).map(|_| passkey(&owner, -10)).collect::<Vec<Passkey>>();
    let id = Some(owner.id);
    let full = Arrival { id, totp: apps(TOTP_LIMIT), passkeys: keys(PASSKEY_LIMIT), ..Arrival::of(owner.email.clone()) };
    assert!(matches!(imported(&MemoryStore::default(), &[as_candidate(full)]).await[..], [Imported(_)]));
    let too_many = [
        Arrival { id, totp: apps(TOTP_LIMIT + 1), ..Arrival::of(owner.email.clone()) },
        Arrival { id, passkeys: keys(PASSKEY_LIMIT + 1), ..Arrival::of(owner.email.clone()) },
    ];
    let others = [
        with(|owner, arrival| Arrival { totp: vec![app(owner, -10)], ..arrival }),
        with(|_, arrival| Arrival { recovery_codes: codes(), ..arrival }),
        with(|owner, arrival| Arrival { passkeys: vec![passkey(owner, -10)], id: None, ..arrival }),
        with(|owner, arrival| Arrival { totp: vec![readable(owner, -10)], id: None, ..arrival }),
    ];
    for candidate in too_many.map(as_candidate).into_iter().chain(others) {
        let fates = imported(&MemoryStore::default(), std::slice::from_ref(&candidate)).await;
        assert_eq!(fates, [Refused(Refusal::Factors)], "{candidate:?}");
    }
}

#[tokio::test]
async fn an_app_without_its_key_refuses_the_account() {
    let (_, arrival) = whole("ann@example.org");
    let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
    let candidates = [as_candidate(arrival.clone()), candidate("ben@example.org")];
    for totp in [None, Some(FakeTotp::with_keys(&["another"]))] {
        let import = ImportUsers {
            totp: totp.map(|totp| -> Arc<dyn TotpCodec> { Arc::new(totp) }),
            ..import(MemoryStore::default(), &audit)
        };
        let fates = import.execute(&candidates, Mode::Real, &operator()).await.unwrap();
        assert!(matches!(&fates[..], [Refused(Refusal::Key), Imported(_)]), "{fates:?}");
    }
    let older = ImportUsers { totp: Some(Arc::new(FakeTotp::with_keys(&["b", "a"]))), ..import(store.clone(), &audit) };
    older.execute(&candidates, Mode::Real, &operator()).await.unwrap();
    let record = stored(&store).await.into_iter().find(|record| !record.totp.is_empty()).unwrap();
    assert_eq!(record.totp, arrival.totp, "an older key will do, and the secret stays as it was");
}

/// Whatever a file says of whose they are.
#[tokio::test]
async fn factors_are_of_the_account_that_they_came_with() {
    let (store, stranger) = (MemoryStore::default(), user("mallory@example.org"));
    let (owner, arrival) = whole("ann@example.org");
    let others = Arrival { totp: vec![readable(&stranger, -10)], passkeys: vec![passkey(&stranger, -10)], ..arrival };
    imported(&store, &[as_candidate(others)]).await;
    let AccountRecord { totp, passkeys, .. } = stored(&store).await.remove(0);
    assert_eq!((totp[0].user, passkeys[0].user), (owner.id, owner.id));
}

#[tokio::test]
async fn ids_and_factors_of_others_are_theirs() {
    let store = MemoryStore::default();
    let (ann, arrival) = whole("ann@example.org");
    imported(&store, &[as_candidate(arrival.clone())]).await;
    let before = stored(&store).await;
    let bare = |address: &str| Arrival::of(email(address));
    let candidates = [
        Arrival { id: Some(ann.id), ..bare("ben@example.org") },
        Arrival { id: Some(user("x@example.org").id), totp: arrival.totp, ..bare("cid@example.org") },
        Arrival { id: Some(user("x@example.org").id), passkeys: arrival.passkeys, ..bare("dan@example.org") },
        Arrival { roles: Roles::default(), ..bare("ann@example.org") },
    ];
    let fates = imported(&store, &candidates.map(as_candidate)).await;
    let expected =
        [Refused(Refusal::Id), Refused(Refusal::Factor), Refused(Refusal::Factor), AlreadyThere(email("ann@example.org"))];
    assert_eq!(fates, expected);
    assert_eq!(stored(&store).await, before);
}

/// As a server holds it on which another account has the canonical spelling.
#[tokio::test]
async fn an_address_of_an_earlier_release_is_found_in_every_spelling() {
    let store = MemoryStore::default();
    let odd = Arrival::of(kept_email("ann@münchen.example"));
    let plain = as_candidate(Arrival::of(email("ann@münchen.example")));
    imported(&store, &[Candidate { email: String::new(), ..as_candidate(odd) }]).await;
    assert_eq!(imported(&store, &[plain]).await, [AlreadyThere(email("ann@münchen.example"))]);
}
