//! Accounts in the database.

pub(crate) mod by_address;
mod edit;
pub(crate) mod roles;

use async_trait::async_trait;
use auth_domain::{
    accounts::ports::{Deleted, Edited, Inserted, UserAdminStore, UserStore},
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, User},
    },
    mail::{message::Outgoing, ports::Requested},
    sessions::{authentication::AssuranceLevel, session::Session},
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use self::{by_address::range, roles::has};
use super::{
    mail::{is_reserved, post, request, void_all_of},
    passwords::know,
    sessions::{end_for_good, end_unended},
};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        rows::{SessionRow, UserRow},
        tables::{sessions, users},
        timestamp::At,
    },
    transaction::in_transaction,
};

/// Stores accounts.
#[derive(Clone)]
pub struct DieselUsers(pub Database);

#[async_trait]
impl UserStore for DieselUsers {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError> {
        let id = id.to_string();
        self.0.read(move |db| user(users::table.find(&id).select(UserRow::as_select()).get_result(db))).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError> {
        let spellings: Vec<_> = email.spellings().collect();
        self.0
            .read(move |db| {
                for spelling in &spellings {
                    let found = user(users::table.filter(users::email.eq(spelling)).select(UserRow::as_select()).get_result(db))?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Ok(None)
            })
            .await
    }

    async fn insert<'a>(
        &self,
        user: &User,
        first: Option<&'a Session>,
        mail: Option<&'a Outgoing>,
    ) -> Result<Inserted, PortError> {
        let (user, first, mail) = (user.clone(), first.cloned(), mail.cloned());
        self.0
            .write(move |db| {
                // In this spelling only an earlier release can have stored it: there is nobody to race with.
                if let Some(former) = user.email.in_unicode()
                    && is_taken(db, &former)?
                {
                    return Ok(Inserted::EmailTaken);
                }
                let inserted = in_transaction(db, |db| {
                    store(db, &user)?;
                    if is_reserved(db, &user.email, None, At::from(user.updated_at))? {
                        return Err(Error::RollbackTransaction);
                    }
                    if let Some(session) = &first {
                        diesel::insert_into(sessions::table).values(SessionRow::from(session)).execute(db)?;
                        know(db, session)?;
                    }
                    mail.as_ref().map(|mail| request(db, mail)).transpose()
                });
                match inserted {
                    Ok(Some(Requested::Suppressed)) => Ok(Inserted::MailSuppressed),
                    Ok(Some(Requested::Queued) | None) => Ok(Inserted::Yes),
                    Err(Error::RollbackTransaction) => Ok(Inserted::EmailTaken),
                    // The whole transaction is undone. A duplicate id stays an error.
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
                        if is_taken(db, user.email.as_str())? {
                            Ok(Inserted::EmailTaken)
                        } else {
                            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info))
                        }
                    }
                    Err(error) => Err(error),
                }
            })
            .await
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError> {
        let (old, new) = (old.expose().to_owned(), new.expose().to_owned());
        let unchanged = users::table.find(id.to_string()).filter(users::password_hash.eq(old));
        self.0.changes_one(diesel::update(unchanged).set(users::password_hash.eq(new))).await
    }

    async fn change_password<'a>(
        &self,
        id: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        let (id, new, now, notice) = (id.to_string(), new.clone(), At::from(now), notice.cloned());
        self.0
            .transaction(move |db| {
                // The account first: a session that begins for it at the same time waits here.
                if !still_is(db, &id, proven)? {
                    return Ok(None);
                }
                let change =
                    (users::password_hash.eq(new.expose()), users::updated_at.eq(now), users::version.eq(users::version + 1));
                diesel::update(users::table.find(&id)).set(change).execute(db)?;
                if let Some(keep) = keep {
                    reached_by_password(db, &id, keep, now)?;
                }
                let ended = end_unended(db, &id, keep, now)?;
                void_all_of(db, &id, now)?;
                notice.iter().try_for_each(|notice| post(db, notice))?;
                Ok(Some(ended))
            })
            .await
    }

    async fn delete<'a>(
        &self,
        id: UserId,
        proven: Option<AccountVersion>,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Deleted, PortError> {
        let (id, now, notice) = (id.to_string(), At::from(now), notice.cloned());
        self.0
            .transaction(move |db| {
                // As everything does that ends or begins several of its sessions.
                let found = match proven {
                    Some(proven) => still_is(db, &id, proven)?,
                    None => lock(db, &id)?,
                };
                let Some(account) = find(db, &id)?.filter(|_account| found) else { return Ok(Deleted::No) };
                if let Some(another) = keep.needs(&account, None)
                    && !has(db, another, &id)?
                {
                    return Ok(Deleted::LastAdministrator);
                }
                end_for_good(db, &id, now)?;
                void_all_of(db, &id, now)?;
                notice.iter().try_for_each(|notice| post(db, notice))?;
                // Its sessions and its own proofs are deleted by cascading foreign keys.
                diesel::delete(users::table.find(&id)).execute(db)?;
                Ok(Deleted::Yes)
            })
            .await
    }
}

#[async_trait]
impl UserAdminStore for DieselUsers {
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.0.read(move |db| range(db, &prefix, None, after.as_ref(), limit.into())).await
    }

    async fn edit<'a>(
        &self,
        id: UserId,
        from: &Editable,
        to: &Editable,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Edited, PortError> {
        let (id, from, to, notice) = (id.to_string(), from.clone(), to.clone(), notice.cloned());
        let asked = edit::Edit { id, from, to, keep, now, notice };
        self.0.write(move |db| edit::edit(db, &asked)).await
    }
}

/// Says of a session of an account, whose row the transaction has locked, that its owner was authenticated now, if a password is as
/// much as that session was authenticated with.
fn reached_by_password(db: &mut AnyConnection, user: &str, session: SessionId, now: At) -> QueryResult<()> {
    let own = sessions::table.find(session.to_string()).filter(sessions::user_id.eq(user));
    let kept = own.clone().select(SessionRow::as_select()).get_result(db).optional()?;
    let Some(kept) = kept.map(Session::try_from).transpose()? else { return Ok(()) };
    match kept.authentication.methods.level() {
        AssuranceLevel::Aal1 => diesel::update(own).set(sessions::authenticated_at.eq(now)).execute(db).map(|_one| ()),
        AssuranceLevel::Aal2 => Ok(()),
    }
}

/// Stores a new account, with what its roles are looked up by.
pub(crate) fn store(db: &mut AnyConnection, user: &User) -> QueryResult<()> {
    diesel::insert_into(users::table).values(UserRow::from(user)).execute(db)?;
    roles::enter(db, user)
}

/// The account, whose row is locked from now on: whoever spends a proof for it, or changes it, waits.
pub(crate) fn find_locked(db: &mut AnyConnection, id: &str) -> QueryResult<Option<User>> {
    if lock(db, id)? { find(db, id) } else { Ok(None) }
}

fn find(db: &mut AnyConnection, id: &str) -> QueryResult<Option<User>> {
    user(users::table.find(id).select(UserRow::as_select()).get_result(db))
}

/// What locks an account's row: whoever changes it, or ends or begins several of its sessions, waits. It is a change, since on a
/// Galera cluster whoever locks the row on another server does not wait: of two that changed it, one is rolled back.
#[diesel::dsl::auto_type]
pub(crate) fn locked() -> _ {
    users::locks.eq(users::locks + 1_i64)
}

/// Locks the account's row. `false` when there is none.
pub(crate) fn lock(db: &mut AnyConnection, id: &str) -> QueryResult<bool> {
    Ok(diesel::update(users::table.find(id)).set(locked()).execute(db)? == 1)
}

/// Locks the account's row, and says whether it is still the one that was proven. A change that came first is seen; one that comes
/// later waits for this transaction.
pub(crate) fn still_is(db: &mut AnyConnection, id: &str, proven: AccountVersion) -> QueryResult<bool> {
    let same_number = users::table.find(id).filter(users::version.eq(proven.number));
    if diesel::update(same_number).set(locked()).execute(db)? != 1 {
        return Ok(false);
    }
    // Not in the statement above: SQLite compares times as texts, and one time can be written in several ways.
    let changed_at = users::table.find(id).select(users::updated_at).get_result::<At>(db)?;
    Ok(changed_at.utc() == proven.changed_at)
}

pub(crate) fn is_taken(db: &mut AnyConnection, email: &str) -> QueryResult<bool> {
    Ok(users::table.filter(users::email.eq(email)).count().get_result::<i64>(db)? > 0)
}

/// Whether another account has an address, in any spelling by which it is found.
pub(crate) fn is_had(db: &mut AnyConnection, address: &Email, by_other_than: Option<&str>) -> QueryResult<bool> {
    let holders = users::table.filter(users::email.eq_any(address.spellings())).select(users::id);
    Ok(holders.load::<String>(db)?.into_iter().any(|holder| Some(holder.as_str()) != by_other_than))
}

fn user(row: QueryResult<UserRow>) -> QueryResult<Option<User>> {
    row.optional()?.map(User::try_from).transpose()
}
