//! What every [`TransferStore`](crate::admin::ports::TransferStore) keeps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, TimeDelta, Utc};

use super::samples::{bare, whole};
use crate::{
    admin::{
        ports::Stored::{self, EmailTaken, FactorTaken, IdTaken, Yes},
        search::UserSearch,
        transfer::{AccountRecord, TRANSFER_BATCH},
    },
    factors::{passkey::PASSKEY_LIMIT, ports::CountedCode, second_step::Evidence, totp::TOTP_LIMIT},
    identity::{
        role::{ROLES_MAX, Role, Roles},
        user::{User, WrongCodes},
    },
    mail::proof::UNDO_LIFE,
    testkit::{
        factors::samples::{app, codes, confirmed, passkey},
        fixtures::Stores,
        mailbox::change::{asked_for, moved},
        mfa::scenes::{enrolled, is_good, started},
        samples::{after, email, kept_email, user},
    },
};

/// One test per clause: `transfer_store_contract!(fixture)` or `transfer_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! transfer_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::transfer_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; admin::transfer_store:
            takes_in_whole_accounts_as_they_are,
            takes_in_a_full_batch,
            takes_in_nobody_of_none,
            leaves_who_is_there_as_they_are,
            gives_ids_and_factors_to_one_account,
            takes_the_first_of_two_in_a_batch,
            knows_an_address_in_every_spelling,
            keeps_an_address_for_who_may_put_it_back,
            gives_out_every_account_once_by_id,
            gives_out_nothing_that_is_under_way,
        }
        $crate::clauses! { $attributes $fresh; admin::transfer_races:
            gives_a_contested_address_to_one_whoever_registers,
            gives_contested_accounts_to_one_of_two_imports,
            keeps_an_address_from_imports_at_the_same_time,
            gives_out_accounts_as_they_were_at_one_moment,
        }
    };
    ($fresh:expr) => {
        $crate::transfer_store_contract!(@all [] $fresh);
    };
}

/// What became of accounts, which was foreseen.
pub(super) async fn taken_in(stores: &Stores, accounts: &[AccountRecord], now: DateTime<Utc>) -> Vec<Stored> {
    let before = everybody(stores).await;
    let foreseen = stores.transfer.foresee(accounts, now).await.unwrap();
    assert!(everybody(stores).await == before, "a forecast writes nothing");
    let stored = stores.transfer.insert(accounts, now).await.unwrap();
    assert_eq!(foreseen, stored);
    stored
}

/// All accounts, by id.
pub(super) async fn everybody(stores: &Stores) -> Vec<AccountRecord> {
    stores.transfer.page(None, 10_000).await.unwrap()
}

pub async fn takes_in_whole_accounts_as_they_are(stores: &Stores) {
    let (ann, ben) = (whole("ann@example.org"), bare(User { password: None, ..user("ben@example.org") }));
    assert_eq!(taken_in(stores, &[ann.clone(), ben.clone()], after(0)).await, [Yes; 2]);
    assert_eq!(everybody(stores).await, [ann.clone(), ben.clone()]);

    // And for everybody else who reads them.
    assert_eq!(stores.user(&ann.user).await, ann.user);
    assert_eq!(stores.users.find_by_email(&ben.user.email).await.unwrap(), Some(ben.user));
    let search = UserSearch { role: Some("staff".parse().unwrap()), ..UserSearch::default() };
    assert_eq!(stores.search.search(&search, None, 5).await.unwrap().users, std::slice::from_ref(&ann.user));
    let list = stores.factors.list(ann.user.id).await.unwrap();
    assert_eq!((list.factors.len(), list.recovery_codes_left), (4, ann.recovery_codes.len()));
    let (_, apps) = stores.steps.find(ann.user.id).await.unwrap().unwrap();
    assert_eq!(apps.len(), ann.totp.len());
    let key = ann.passkeys.first().unwrap();
    assert_eq!(stores.passkeys.find(&key.credential.id).await.unwrap(), Some((key.clone(), ann.user)));
}

/// Whatever an engine can bind in one statement.
pub async fn takes_in_a_full_batch(stores: &Stores) {
    let roles: Vec<Role> = (0..ROLES_MAX).map(|number| format!("role{number:02}").parse().unwrap()).collect();
    let roles = Roles::of(roles).unwrap();
    let full = |number: u32| {
        let owner = user(&format!("user{number:03}@example.org"));
        let mut recovery_codes = codes();
        recovery_codes.sort_unstable();
        AccountRecord {
            totp: (0..TOTP_LIMIT).map(|_| confirmed(&app(&owner, 1), 2)).collect(),
            passkeys: (0..PASSKEY_LIMIT).map(|_| passkey(&owner, 3)).collect(),
            recovery_codes,
            recovery_codes_made_at: Some(after(2)),
            user: User { roles: roles.clone(), ..owner },
        }
    };
    let accounts: Vec<_> = (0..TRANSFER_BATCH).map(full).collect();
    assert!(taken_in(stores, &accounts, after(4)).await.iter().all(|stored| *stored == Yes));
    assert!(everybody(stores).await == accounts);
    assert!(taken_in(stores, &accounts, after(4)).await.iter().all(|stored| *stored == EmailTaken));
}

pub async fn takes_in_nobody_of_none(stores: &Stores) {
    assert_eq!(taken_in(stores, &[], after(0)).await, []);
    assert_eq!(everybody(stores).await, []);
}

pub async fn leaves_who_is_there_as_they_are(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let before = everybody(stores).await;
    let other =
        AccountRecord { user: User { email: ann.user.email.clone(), ..whole("x@example.org").user }, ..whole("x@example.org") };
    let same = AccountRecord { user: User { id: ann.user.id, ..other.user.clone() }, ..other.clone() };
    let ben = bare(user("ben@example.org"));
    let stored = taken_in(stores, &[other, ben.clone(), same], after(0)).await;
    assert_eq!(stored, [EmailTaken, Yes, EmailTaken]);
    assert_eq!(everybody(stores).await, [&before[..], &[ben]].concat());
}

pub async fn gives_ids_and_factors_to_one_account(stores: &Stores) {
    let ann = whole("ann@example.org");
    assert_eq!(taken_in(stores, std::slice::from_ref(&ann), after(0)).await, [Yes]);
    let before = everybody(stores).await;
    let like = |address: &str, change: fn(&AccountRecord, &mut AccountRecord)| {
        let mut record = whole(address);
        change(&ann, &mut record);
        record
    };
    let accounts = [
        like("b@example.org", |ann, other| other.user.id = ann.user.id),
        like("c@example.org", |ann, other| other.totp[0].id = ann.totp[1].id),
        like("d@example.org", |ann, other| other.passkeys[1].id = ann.passkeys[0].id),
        like("e@example.org", |ann, other| other.passkeys[1].credential.id = ann.passkeys[0].credential.id.clone()),
        // People name factors without their kind.
        like("f@example.org", |ann, other| other.passkeys[0].id = ann.totp[0].id),
        like("g@example.org", |ann, other| other.totp[0].id = ann.passkeys[0].id),
        like("h@example.org", |_, other| other.totp[0].id = other.totp[1].id),
        like("i@example.org", |_, other| other.passkeys[0].credential.id = other.passkeys[1].credential.id.clone()),
    ];
    let mut expected = [FactorTaken; 8];
    expected[0] = IdTaken;
    assert_eq!(taken_in(stores, &accounts, after(0)).await, expected);
    assert_eq!(everybody(stores).await, before, "nothing of them is left");
}

pub async fn takes_the_first_of_two_in_a_batch(stores: &Stores) {
    let (ann, ben) = (whole("ann@example.org"), whole("ben@example.org"));
    let second = |change: fn(&AccountRecord, &mut AccountRecord)| {
        let mut record = whole("cid@example.org");
        change(&ann, &mut record);
        record
    };
    let accounts = [
        ann.clone(),
        second(|ann, other| other.user.email = ann.user.email.clone()),
        second(|ann, other| other.user.id = ann.user.id),
        second(|ann, other| other.totp[0].id = ann.totp[0].id),
        second(|ann, other| other.passkeys[0].credential.id = ann.passkeys[0].credential.id.clone()),
        ben.clone(),
    ];
    assert_eq!(taken_in(stores, &accounts, after(0)).await, [Yes, EmailTaken, IdTaken, FactorTaken, FactorTaken, Yes]);
    assert_eq!(everybody(stores).await, [ann, ben]);
}

pub async fn knows_an_address_in_every_spelling(stores: &Stores) {
    let former = |name: &str| bare(User { email: kept_email(&format!("{name}@münchen.example")), ..user("x@example.org") });
    let canonical = |name: &str| bare(user(&format!("{name}@münchen.example")));
    assert_eq!(taken_in(stores, &[former("ann"), canonical("ben")], after(0)).await, [Yes; 2]);
    let again = [canonical("ann"), former("ben"), former("cid"), canonical("cid"), canonical("dan"), former("dan")];
    assert_eq!(taken_in(stores, &again, after(0)).await, [EmailTaken, EmailTaken, Yes, EmailTaken, Yes, EmailTaken]);
}

/// By the time of the import, whatever times its accounts have.
pub async fn keeps_an_address_for_who_may_put_it_back(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    moved(stores, &ann, "new@example.org", 1).await;
    let odd = User { email: kept_email("ben@münchen.example"), ..user("x@example.org") };
    stores.keep(&odd).await;
    moved(stores, &odd, "bens@example.org", 1).await;
    let end = after(1) + UNDO_LIFE;
    let at = |address: &str, time| bare(User { email: email(address), updated_at: time, ..user("x@example.org") });
    for time in [after(-1000), end + TimeDelta::days(1000)] {
        let accounts = [at("ann@example.org", time), at("ben@münchen.example", time), at("cid@example.org", time)];
        let stored = stores.transfer.foresee(&accounts, end - TimeDelta::microseconds(1)).await.unwrap();
        assert_eq!(stored, [EmailTaken, EmailTaken, Yes]);
        assert_eq!(stores.transfer.foresee(&accounts, end).await.unwrap(), [Yes; 3]);
    }
    let accounts = [at("ann@example.org", end), at("cid@example.org", end)];
    assert_eq!(taken_in(stores, &accounts, after(2)).await, [EmailTaken, Yes]);
    assert_eq!(taken_in(stores, &accounts, end).await, [Yes, EmailTaken]);
}

pub async fn gives_out_every_account_once_by_id(stores: &Stores) {
    let mut all: Vec<_> = (0..7).map(|number| whole(&format!("z{number}@example.org"))).collect();
    all.extend((0..7).map(|number| bare(user(&format!("a{number}@example.org")))));
    // In whatever order they came.
    let mut shuffled = all.clone();
    shuffled.reverse();
    assert_eq!(taken_in(stores, &shuffled, after(0)).await, [Yes; 14]);
    for limit in [1, 5, 14, 15] {
        let (mut seen, mut last) = (Vec::new(), None);
        loop {
            let page = stores.transfer.page(last, limit).await.unwrap();
            assert!(u32::try_from(page.len()).unwrap() <= limit);
            let Some(end) = page.last() else { break };
            last = Some(end.user.id);
            seen.extend(page);
        }
        assert!(seen == all, "by {limit}");
    }
    // The account of a place may be gone by the time the next page is asked for.
    assert!(stores.delete(all[4].user.id, None, after(1)).await);
    assert_eq!(stores.transfer.page(Some(all[4].user.id), 2).await.unwrap(), all[5..7]);
}

pub async fn gives_out_nothing_that_is_under_way(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    started(stores, &ann.user, 10).await;
    asked_for(stores, &ann.user, "new@example.org", 11).await;
    assert!(is_good(stores, &ann.session, Evidence::RecoveryCode(ann.codes[0].clone())).await);
    let counted = stores.steps.count_wrong(ann.user.id, Some(WrongCodes::default()), None, after(12)).await.unwrap();
    assert_eq!(counted, CountedCode::Yes);
    let now = stores.user(&ann.user).await;
    let expected = User { pending_email: None, wrong_codes: WrongCodes::default(), ..now.clone() };
    let [record] = &everybody(stores).await[..] else { panic!("one account") };
    assert!(now.pending_email.is_some() && now.wrong_codes != WrongCodes::default());
    let mut left = ann.codes[1..].to_vec();
    left.sort_unstable();
    assert_eq!(record.user, expected);
    assert_eq!((&record.recovery_codes, record.recovery_codes_made_at), (&left, Some(after(2))));
    assert_eq!((record.totp.len(), &record.totp[0].id, &record.passkeys[..]), (1, &ann.app.id, &[ann.passkey][..]));
}
