//! Listing, adding, renaming and removing factors.

use async_trait::async_trait;
use auth_domain::{
    factors::{
        factor::{Factor, FactorId, FactorName},
        passkey::Passkey,
        recovery_code::RecoveryCodeDigest,
        totp::{TimeStep, TotpFactor},
    },
    identity::{
        administrator::LastAdministrator,
        encrypted::Encrypted,
        ids::UserId,
        method::{Method, SecondFactors},
        port_error::PortError,
        user::{AccountVersion, User},
    },
    mail::message::Outgoing,
    mfa::ports::{Added, Addition, FactorList, FactorStore, FactorsReset, Removed, Started, StoredSecret},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Held, add, codes_left, moved_on, remove_all, remove_codes,
    rows::{PasskeyRow, TotpRow},
};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        rows::parsed,
        tables::{passkeys, totp_factors},
        timestamp::At,
    },
    stores::{
        accounts::{find_locked, roles::has},
        mail::post,
        sessions::end_unended,
    },
};

/// Stores factors.
#[derive(Clone)]
pub struct DieselFactors(pub Database);

/// The confirmed authenticator apps of an account.
macro_rules! apps {
    ($user:expr) => {
        totp_factors::table.filter(totp_factors::user_id.eq($user)).filter(totp_factors::confirmed_at.is_not_null())
    };
}

#[async_trait]
impl FactorStore for DieselFactors {
    async fn list(&self, user: UserId) -> Result<FactorList, PortError> {
        let user = user.to_string();
        self.0.read(move |db| list(db, &user)).await
    }

    async fn start_totp(&self, factor: &TotpFactor, proven: AccountVersion) -> Result<Started, PortError> {
        let factor = factor.clone();
        self.0.transaction(move |db| add::start(db, &factor, proven)).await
    }

    async fn pending_totp(&self, user: UserId, id: FactorId) -> Result<Option<TotpFactor>, PortError> {
        let (user, id) = (user.to_string(), id.to_string());
        self.0
            .read(move |db| {
                let waiting = totp_factors::user_id.eq(&user).and(totp_factors::confirmed_at.is_null());
                let row = totp_factors::table.find(&id).filter(waiting).select(TotpRow::as_select());
                row.get_result(db).optional()?.map(TotpFactor::try_from).transpose()
            })
            .await
    }

    async fn confirm_totp<'a>(&self, id: FactorId, step: TimeStep, addition: &Addition<'a>) -> Result<Added, PortError> {
        let (id, addition) = (id.to_string(), add::Owned::from(addition));
        self.0.write(move |db| add::confirm(db, &id, step, &addition)).await
    }

    async fn add_passkey<'a>(&self, passkey: &Passkey, addition: &Addition<'a>) -> Result<Added, PortError> {
        let (passkey, addition) = (passkey.clone(), add::Owned::from(addition));
        self.0.write(move |db| add::add_passkey(db, &passkey, &addition)).await
    }

    async fn rename(&self, user: UserId, id: FactorId, name: &FactorName) -> Result<bool, PortError> {
        let (user, id, name) = (user.to_string(), id.to_string(), name.to_string());
        self.0
            .write(move |db| {
                let app = apps!(&user).filter(totp_factors::id.eq(&id));
                let passkey = passkeys::table.find(&id).filter(passkeys::user_id.eq(&user));
                Ok(diesel::update(app).set(totp_factors::name.eq(&name)).execute(db)? == 1
                    || diesel::update(passkey).set(passkeys::name.eq(&name)).execute(db)? == 1)
            })
            .await
    }

    async fn remove<'a>(
        &self,
        user: UserId,
        id: FactorId,
        keeps_one: bool,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Removed, PortError> {
        let (user, id, now, notice) = (user.to_string(), id.to_string(), At::from(now), notice.cloned());
        self.0.transaction(move |db| remove(db, (&user, &id), (keeps_one, keep), now, notice.as_ref())).await
    }

    async fn replace_recovery_codes<'a>(
        &self,
        user: UserId,
        proven: AccountVersion,
        codes: &[RecoveryCodeDigest],
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<bool, PortError> {
        let (user, codes, now, notice) = (user.to_string(), codes.to_vec(), At::from(now), notice.cloned());
        self.0
            .transaction(move |db| {
                if !add::is_still_active(db, &user, proven)? || Held::by(db, &user)?.all() == 0 {
                    return Ok(false);
                }
                add::store_codes(db, &user, &codes, now)?;
                moved_on(db, &user, now)?;
                notice.iter().try_for_each(|notice| post(db, notice))?;
                Ok(true)
            })
            .await
    }

    async fn reset<'a>(
        &self,
        user: UserId,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<FactorsReset, PortError> {
        let (user, now, notice) = (user.to_string(), At::from(now), notice.cloned());
        self.0
            .transaction(move |db| {
                let Some(account) = find_locked(db, &user)? else { return Ok(FactorsReset::NoSuchUser) };
                if needs_its_factors(db, &user, &account, keep)? {
                    return Ok(FactorsReset::LastAdministrator);
                }
                remove_all(db, &user)?;
                moved_on(db, &user, now)?;
                let ended = end_unended(db, &user, None, now)?;
                notice.iter().try_for_each(|notice| post(db, notice))?;
                Ok(FactorsReset::Yes { ended })
            })
            .await
    }

    async fn secrets(&self, after: Option<FactorId>, limit: u32) -> Result<Vec<StoredSecret>, PortError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.0
            .read(move |db| {
                let behind = totp_factors::table.filter(totp_factors::id.gt(&after)).order(totp_factors::id.asc());
                let columns = (totp_factors::id, totp_factors::encrypted_with, totp_factors::encrypted_text);
                let rows: Vec<(String, String, String)> = behind.select(columns).limit(limit.into()).load(db)?;
                let secret = |(id, with, text): (String, _, _)| {
                    Ok(StoredSecret { factor: parsed(&id, "factor id")?, secret: Encrypted { with, text } })
                };
                rows.into_iter().map(secret).collect()
            })
            .await
    }

    async fn reencrypt(&self, id: FactorId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        let (from, to) = (from.clone(), to.clone());
        let as_it_was = totp_factors::encrypted_with.eq(from.with).and(totp_factors::encrypted_text.eq(from.text));
        let change = (totp_factors::encrypted_with.eq(to.with), totp_factors::encrypted_text.eq(to.text));
        let stored = totp_factors::table.find(id.to_string()).filter(as_it_was);
        self.0.changes_one(diesel::update(stored).set(change)).await
    }

    async fn encryption_keys(&self) -> Result<Vec<String>, PortError> {
        self.0
            .read(|db| {
                // From one to the next by the index, for there are many secrets and few keys.
                let mut keys: Vec<String> = Vec::new();
                loop {
                    let last = keys.last().map_or("", String::as_str);
                    let next = totp_factors::table
                        .filter(totp_factors::encrypted_with.gt(last).and(totp_factors::confirmed_at.is_not_null()))
                        .order(totp_factors::encrypted_with.asc())
                        .select(totp_factors::encrypted_with);
                    match next.first::<String>(db).optional()? {
                        Some(next) => keys.push(next),
                        None => return Ok(keys),
                    }
                }
            })
            .await
    }

    async fn any(&self) -> Result<bool, PortError> {
        self.0
            .read(|db| {
                let confirmed = totp_factors::table.filter(totp_factors::confirmed_at.is_not_null());
                let app = confirmed.order(totp_factors::confirmed_at.asc()).select(totp_factors::id);
                // Every id is behind this one: the index is read, not the table.
                let passkey = passkeys::table.filter(passkeys::id.gt("")).order(passkeys::id.asc()).select(passkeys::id);
                let is_there = app.first::<String>(db).optional()?.is_some();
                Ok(is_there || passkey.first::<String>(db).optional()?.is_some())
            })
            .await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let cutoff = At::from(cutoff);
        self.0
            .write(move |db| {
                let waiting = totp_factors::table.filter(totp_factors::confirmed_at.is_null());
                let old = waiting.filter(totp_factors::created_at.lt(cutoff)).order(totp_factors::created_at.asc());
                let ids: Vec<String> = old.select(totp_factors::id).limit(limit.into()).load(db)?;
                if ids.is_empty() {
                    return Ok(0);
                }
                diesel::delete(waiting.filter(totp_factors::id.eq_any(ids))).execute(db)
            })
            .await
    }
}

/// Whether nobody could administer accounts any more if an account, whose row the transaction has locked, had no factors.
fn needs_its_factors(db: &mut AnyConnection, id: &str, account: &User, keep: LastAdministrator) -> QueryResult<bool> {
    let bare = User { second_factors: SecondFactors::default(), ..account.clone() };
    match keep.needs(account, Some(&bare)) {
        Some(another) => Ok(!has(db, another, id)?),
        None => Ok(false),
    }
}

fn list(db: &mut AnyConnection, user: &str) -> QueryResult<FactorList> {
    let apps: Vec<TotpRow> = apps!(user).select(TotpRow::as_select()).load(db)?;
    let passkeys = passkeys::table.filter(passkeys::user_id.eq(user)).select(PasskeyRow::as_select());
    let passkeys: Vec<PasskeyRow> = passkeys.load(db)?;
    let apps = apps.into_iter().map(|row| TotpFactor::try_from(row).map(Factor::from));
    let passkeys = passkeys.into_iter().map(|row| Passkey::try_from(row).map(Factor::from));
    let mut factors = apps.chain(passkeys).collect::<QueryResult<Vec<_>>>()?;
    factors.sort_by_key(|factor| (factor.created_at, factor.id));
    Ok(FactorList { factors, recovery_codes_left: codes_left(db, user)? })
}

/// The confirmed factors of these accounts, oldest first.
pub(crate) fn factors_of(db: &mut AnyConnection, users: &[String]) -> QueryResult<Vec<(UserId, Factor)>> {
    let confirmed = totp_factors::user_id.eq_any(users).and(totp_factors::confirmed_at.is_not_null());
    let apps: Vec<TotpRow> = totp_factors::table.filter(confirmed).select(TotpRow::as_select()).load(db)?;
    let passkeys: Vec<PasskeyRow> =
        passkeys::table.filter(passkeys::user_id.eq_any(users)).select(PasskeyRow::as_select()).load(db)?;
    let apps = apps.into_iter().map(|row| TotpFactor::try_from(row).map(|app| (app.user, Factor::from(app))));
    let passkeys = passkeys.into_iter().map(|row| Passkey::try_from(row).map(|passkey| (passkey.user, Factor::from(passkey))));
    let mut factors = apps.chain(passkeys).collect::<QueryResult<Vec<_>>>()?;
    factors.sort_by_key(|(_, factor)| (factor.created_at, factor.id));
    Ok(factors)
}

fn remove(
    db: &mut AnyConnection,
    (user, id): (&str, &str),
    (keeps_one, keep): (bool, LastAdministrator),
    now: At,
    notice: Option<&Outgoing>,
) -> QueryResult<Removed> {
    let Some(account) = find_locked(db, user)? else { return Ok(Removed::No) };
    let app = apps!(user).filter(totp_factors::id.eq(id));
    let passkey = passkeys::table.find(id).filter(passkeys::user_id.eq(user));
    let method = if app.count().get_result::<i64>(db)? == 1 {
        Method::Totp
    } else if passkey.count().get_result::<i64>(db)? == 1 {
        Method::Passkey
    } else {
        return Ok(Removed::No);
    };
    let is_last = Held::by(db, user)?.all() == 1;
    if keeps_one && is_last {
        return Ok(Removed::Last);
    }
    if is_last && needs_its_factors(db, user, &account, keep)? {
        return Ok(Removed::LastAdministrator);
    }
    if method == Method::Totp {
        diesel::delete(app).execute(db)?
    } else {
        diesel::delete(passkey).execute(db)?
    };
    if is_last {
        remove_codes(db, user)?;
    }
    moved_on(db, user, now)?;
    notice.map_or(Ok(()), |notice| post(db, notice))?;
    Ok(Removed::Yes { method })
}
