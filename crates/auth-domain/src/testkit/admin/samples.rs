//! Ready-made accounts with all that one can have.
#![expect(clippy::unwrap_used, reason = "a sample that cannot be made fails the test that asks for it")]

use chrono::TimeDelta;

use crate::{
    admin::transfer::AccountRecord,
    identity::{
        document::Document,
        language::Language,
        method::SecondFactors,
        user::{AccountState, User},
    },
    testkit::{
        factors::samples::{app, codes, confirmed, passkey},
        samples::{after, user},
    },
};

/// An account without factors.
#[must_use]
pub fn bare(user: User) -> AccountRecord {
    AccountRecord { user, totp: vec![], passkeys: vec![], recovery_codes: vec![], recovery_codes_made_at: None }
}

/// An account with everything that one can have, and every time of it another.
#[must_use]
pub fn whole(address: &str) -> AccountRecord {
    let owner = user(address);
    let micro = TimeDelta::microseconds(1);
    let [first, second] = [app(&owner, -90), app(&owner, -80)];
    let mut totp = vec![confirmed(&first, -89), confirmed(&second, -79)];
    totp.iter_mut().for_each(|app| app.last_used_at = Some(after(-20) + micro));
    let mut passkeys = vec![passkey(&owner, -70), passkey(&owner, -60)];
    for passkey in &mut passkeys {
        (passkey.last_used_at, passkey.credential.counter) = (Some(after(-10) - micro), u32::MAX);
        (passkey.credential.backup_eligible, passkey.credential.backed_up) = (false, true);
        passkey.name = "Änn's key 🦀 \\ \"'%_".parse().unwrap();
    }
    let mut recovery_codes = codes();
    recovery_codes.sort_unstable();
    let user = User {
        state: AccountState::Disabled { since: after(-5) - micro },
        created_at: after(-100) + micro,
        updated_at: after(-4),
        version: 7,
        last_login_at: Some(after(-50) + micro),
        email_verified_at: Some(after(-95)),
        language: Some(Language::Chinese),
        second_factors: SecondFactors::of(true, true, true),
        roles: "admin staff staff.lead".parse().unwrap(),
        profile: document(
            r#"{"name":"Änn 🦀 \u0000 \ud83d\ude00 \\ '\"%_","n":[1e300,5e-324,907.3038322028689,18446744073709551615]}"#,
        ),
        attributes: document(r#"{"__proto__":{"":null},"n":-9223372036854775808,"t":true,"x":-0.0}"#),
        described_at: Some(after(-3) + micro),
        ..owner
    };
    AccountRecord { user, totp, passkeys, recovery_codes, recovery_codes_made_at: Some(after(-88)) }
}

fn document(text: &str) -> Document {
    text.parse().unwrap()
}
