//! What every [`TransferStore`](crate::admin::ports::TransferStore) keeps while others write.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a clause is a test: an outage fails it")]

use super::{
    samples::{bare, whole},
    transfer_store::everybody,
};
use crate::{
    accounts::ports::Inserted,
    admin::{ports::Stored, transfer::AccountRecord},
    identity::{administrator::LastAdministrator, method::SecondFactors, user::User},
    mailbox::ports::Confirmed,
    mfa::ports::Removed,
    testkit::{
        factors::samples::passkey,
        fixtures::{Stores, against, together},
        mailbox::change::leaving,
        mfa::scenes::with_passkey,
        samples::{after, email, user},
    },
};

fn crowd(round: usize) -> Vec<AccountRecord> {
    (0..20).map(|number| whole(&format!("user{round}.{number}@example.org"))).collect()
}

pub async fn gives_a_contested_address_to_one_whoever_registers(stores: &Stores) {
    for round in 0..16 {
        let arrivals = crowd(round);
        let contested = &arrivals[10].user.email;
        let newcomer = User { email: contested.clone(), ..user("x@example.org") };
        let import = {
            let (transfer, arrivals) = (stores.transfer.clone(), arrivals.clone());
            async move { transfer.insert(&arrivals, after(0)).await.unwrap() }
        };
        let register = {
            let (users, newcomer) = (stores.users.clone(), newcomer.clone());
            async move { users.insert(&newcomer, None, None).await.unwrap() }
        };
        let (stored, inserted) = against(round, import, register).await;
        let expected = if inserted == Inserted::Yes { Stored::EmailTaken } else { Stored::Yes };
        assert_eq!(stored[10], expected, "exactly one has it");
        assert!(stored.iter().enumerate().all(|(place, stored)| place == 10 || *stored == Stored::Yes), "{stored:?}");
        let holder = stores.users.find_by_email(contested).await.unwrap().unwrap();
        assert_eq!(holder.id, if inserted == Inserted::Yes { newcomer.id } else { arrivals[10].user.id });
    }
}

/// Whole, and each once.
pub async fn gives_contested_accounts_to_one_of_two_imports(stores: &Stores) {
    for round in 0..8 {
        let arrivals = crowd(round);
        let before = everybody(stores).await.len();
        // The others come in another order.
        let mut reversed = arrivals.clone();
        reversed.reverse();
        let imports = [arrivals.clone(), reversed].map(|arrivals| {
            let transfer = stores.transfer.clone();
            async move {
                let stored = transfer.insert(&arrivals, after(0)).await.unwrap();
                assert!(stored.iter().all(|stored| matches!(stored, Stored::Yes | Stored::EmailTaken)), "{stored:?}");
                stored.iter().filter(|stored| **stored == Stored::Yes).count()
            }
        });
        assert_eq!(together(imports).await.iter().sum::<usize>(), arrivals.len());
        assert!(everybody(stores).await[before..] == arrivals);
    }
}

/// It was given up at the same time, and can be put back.
pub async fn keeps_an_address_from_imports_at_the_same_time(stores: &Stores) {
    for round in 0..16 {
        let (ann, leave) = leaving(stores, round).await;
        let come = {
            let others = [bare(user(&format!("ben{round}@example.org"))), bare(user(&format!("cid{round}@example.org")))];
            let [ben, cid] = others;
            let late = bare(User { email: ann.email.clone(), ..user("x@example.org") });
            let transfer = stores.transfer.clone();
            async move { transfer.insert(&[ben, late, cid], after(1)).await.unwrap() }
        };
        let (confirmed, stored) = against(round, leave, come).await;
        assert_eq!((confirmed, &stored[..]), (Confirmed::Yes, &[Stored::Yes, Stored::EmailTaken, Stored::Yes][..]));
        assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), None);
    }
}

/// Never an account whose factors are of another moment than itself.
pub async fn gives_out_accounts_as_they_were_at_one_moment(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    let change = {
        let (stores, ann) = (stores.clone(), ann.clone());
        async move {
            for round in 0..40 {
                let key = passkey(&ann, round);
                with_passkey(&stores, &session, &key, &[]).await;
                let removed = stores.factors.remove(ann.id, key.id, false, LastAdministrator::MayGo, after(round), None).await;
                assert!(matches!(removed.unwrap(), Removed::Yes { .. }));
            }
        }
    };
    let changing = tokio::spawn(change);
    while !changing.is_finished() {
        let page = everybody(stores).await;
        let [AccountRecord { user, totp, passkeys, .. }] = &page[..] else { panic!("one account") };
        assert_eq!((&user.email, totp.len()), (&email("ann@example.org"), 0));
        assert_eq!(user.second_factors, SecondFactors::of(false, !passkeys.is_empty(), false));
    }
    changing.await.unwrap();
}
