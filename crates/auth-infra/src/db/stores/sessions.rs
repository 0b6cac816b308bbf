//! Sessions in the database. Compare-and-set by affected rows replaces locks.

use async_trait::async_trait;
use auth_domain::{
    factors::second_step::{SecondStep, StepFault},
    identity::{
        ids::{SessionId, UserId},
        port_error::PortError,
        user::{AccountVersion, User},
    },
    mail::message::Outgoing,
    sessions::{
        ports::{Begun, EndedSessions, SessionStore},
        session::{RevocationCursor, Session},
    },
};
use chrono::{DateTime, Utc};
use diesel::{prelude::*, result::Error};

use super::{
    accounts::{lock, still_is},
    mail::post,
    passwords::know,
    prune::forget_oldest,
    second_steps::{Used, by_step, use_step},
};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    lookup::query::Found,
    rotation::query::Rotation,
    schema::{
        rows::{SessionRow, parsed},
        tables::{ended_sessions, sessions, users},
        timestamp::At,
    },
};

/// Stores sessions.
#[derive(Clone)]
pub struct DieselSessions(pub Database);

/// The rows of a table that ended after a place, read from that place in the index on.
macro_rules! ended {
    ($db:expr, $table:ident, $at:expr, $id:expr, $limit:expr) => {{
        let behind = $table::ended_at.gt($at).or($table::id.gt(&$id));
        let ended =
            $table::table.filter($table::ended_at.ge($at)).filter(behind).order(($table::ended_at.asc(), $table::id.asc()));
        ended.select(($table::id, $table::ended_at.nullable())).limit($limit).load::<(String, Option<At>)>($db)?
    }};
}

#[async_trait]
impl SessionStore for DieselSessions {
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError> {
        let found = self.0.look_up(id.to_string()).await?;
        found.map(Found::into_entities).transpose()
    }

    async fn begin<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        limit: usize,
        notice: Option<&'a Outgoing>,
    ) -> Result<Begun, PortError> {
        let (session, notice) = (session.clone(), notice.cloned());
        let user = session.user.to_string();
        self.0
            .transaction(move |db| {
                // Claims the account first, as it was when it was proven. A concurrent change either comes first, and this fails,
                // or waits here and then ends this session with the others.
                if still_is(db, &user, proven)? { begin(db, &session, limit, notice.as_slice()) } else { Ok(Begun::No) }
            })
            .await
    }

    async fn begin_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        limit: usize,
        notices: &'a [Outgoing],
    ) -> Result<Result<Begun, StepFault>, PortError> {
        let (session, step, notices) = (session.clone(), step.clone(), notices.to_vec());
        let (user, now) = (session.user.to_string(), At::from(session.created_at));
        self.0
            .write(move |db| {
                by_step(db, |db, seen| match use_step(db, &user, proven, &step, seen, now)? {
                    Used::Yes => match begin(db, &session, limit, &notices)? {
                        Begun::No => Ok(Err(Ok(Begun::No))),
                        begun @ Begun::Yes { .. } => Ok(Ok(Ok(begun))),
                    },
                    Used::AccountChanged => Ok(Err(Ok(Begun::No))),
                    Used::No(fault) => Ok(Err(Err(fault))),
                })
            })
            .await
    }

    async fn rotate(&self, successor: &Session) -> Result<bool, PortError> {
        let Some(rotation) = Rotation::to(successor) else { return Ok(false) };
        self.0.rotate(rotation).await
    }

    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError> {
        let (id, now) = (id.to_string(), At::from(now));
        self.0
            .write(move |db| {
                let unended = sessions::table.find(&id).filter(sessions::ended_at.is_null());
                let live = unended.filter(sessions::expires_at.gt(now));
                if diesel::update(live).set(sessions::ended_at.eq(now)).execute(db)? == 1 {
                    return Ok(true);
                }
                // A refresh with an earlier time may still be waiting for the row.
                Ok(diesel::update(unended).set(sessions::ended_at.eq(now)).execute(db)? == 1 && was_live(db, &id, now)?)
            })
            .await
    }

    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError> {
        let (user, now) = (user.to_string(), At::from(now));
        self.0.transaction(move |db| if lock(db, &user)? { end_unended(db, &user, keep, now) } else { Ok(Vec::new()) }).await
    }

    async fn reauthenticate(&self, session: &Session, now: DateTime<Utc>) -> Result<bool, PortError> {
        let session = session.clone();
        self.0.write(move |db| authenticate(db, &session, At::from(now))).await
    }

    async fn reauthenticate_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Result<bool, StepFault>, PortError> {
        let (session, step, now, notice) = (session.clone(), step.clone(), At::from(now), notice.cloned());
        let user = session.user.to_string();
        self.0
            .write(move |db| {
                by_step(db, |db, seen| match use_step(db, &user, proven, &step, seen, now)? {
                    Used::Yes if authenticate(db, &session, now)? => {
                        notice.iter().try_for_each(|notice| post(db, notice))?;
                        Ok(Ok(Ok(true)))
                    }
                    Used::Yes | Used::AccountChanged => Ok(Err(Ok(false))),
                    Used::No(fault) => Ok(Err(Err(fault))),
                })
            })
            .await
    }

    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError> {
        let (user, now) = (user.to_string(), At::from(now));
        self.0
            .read(move |db| {
                let rows: Vec<SessionRow> = sessions::table
                    .filter(sessions::user_id.eq(&user).and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now)))
                    .order((sessions::created_at.desc(), sessions::id.desc()))
                    .limit(limit.into())
                    .select(SessionRow::as_select())
                    .load(db)?;
                rows.into_iter().map(Session::try_from).collect()
            })
            .await
    }
}

#[async_trait]
impl EndedSessions for DieselSessions {
    async fn ended(&self, behind: RevocationCursor, limit: u32) -> Result<Vec<RevocationCursor>, PortError> {
        let (at, id, limit) = (At::from(behind.at), behind.id.to_string(), i64::from(limit));
        let rows = self.0.read(move |db| {
            let rows = [ended!(db, sessions, at, id, limit), ended!(db, ended_sessions, at, id, limit)].concat();
            let ended = rows.into_iter().filter_map(|(id, at)| Some((id, at?)));
            ended
                .map(|(id, at)| Ok(RevocationCursor { at: at.utc(), id: parsed(&id, "session id")? }))
                .collect::<QueryResult<Vec<_>>>()
        });
        let mut found = rows.await?;
        found.sort_unstable();
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let cutoff = At::from(cutoff);
        let mut forgotten = self.0.write(move |db| forget_oldest!(db, ended_sessions.ended_at, cutoff, limit.into())).await?;
        // In batches: no statement takes long, and on SQLite others can write in between.
        let mut room = limit;
        while room > 0 {
            let batch = room.min(PRUNE_BATCH);
            let gone = self.0.write(move |db| prune_batch(db, cutoff, batch.into())).await?;
            forgotten += gone;
            if gone < usize::try_from(batch).unwrap_or(usize::MAX) {
                break;
            }
            room -= batch;
        }
        Ok(forgotten)
    }
}

/// Begins a session of an account whose row the transaction has locked.
fn begin(db: &mut AnyConnection, session: &Session, limit: usize, notices: &[Outgoing]) -> QueryResult<Begun> {
    let (user, now) = (session.user.to_string(), At::from(session.created_at));
    let active = users::table.find(&user).filter(users::disabled_at.is_null());
    if diesel::update(active).set(users::last_login_at.eq(now)).execute(db)? == 0 {
        return Ok(Begun::No);
    }
    let displaced = make_room(db, &user, limit, now)?;
    diesel::insert_into(sessions::table).values(SessionRow::from(session)).execute(db)?;
    let is_known = know(db, session)?;
    speak(db, session, is_known)?;
    notices.iter().try_for_each(|notice| post(db, notice))?;
    Ok(Begun::Yes { displaced })
}

/// Says of a live session how and when its owner was authenticated. `false` when it is not alive any more.
pub(crate) fn authenticate(db: &mut AnyConnection, session: &Session, now: At) -> QueryResult<bool> {
    let is_live = sessions::ended_at.is_null().and(sessions::expires_at.gt(now));
    let (at, methods) = (At::from(session.authentication.at), session.authentication.methods.to_string());
    let change = (sessions::authenticated_at.eq(at), sessions::methods.eq(methods));
    let live = sessions::table.find(session.id.to_string()).filter(is_live);
    Ok(diesel::update(live).set(change).execute(db)? == 1)
}

/// Remembers the client's language for the account, if it comes from a network that the account knew, or is the first.
fn speak(db: &mut AnyConnection, session: &Session, is_known: bool) -> QueryResult<()> {
    let Some(language) = session.context.language else { return Ok(()) };
    let account = users::table.find(session.user.to_string());
    let spoken = users::language.eq(language.tag());
    if is_known {
        diesel::update(account).set(spoken).execute(db)?;
    } else {
        diesel::update(account.filter(users::language.is_null())).set(spoken).execute(db)?;
    }
    Ok(())
}

/// Below the parameter limit of every engine.
const PRUNE_BATCH: u32 = 500;

/// Two queries, each answered from the end of its index. Rows that another server deletes meanwhile are not counted.
fn prune_batch(db: &mut AnyConnection, cutoff: At, limit: i64) -> QueryResult<usize> {
    let expired = sessions::table.filter(sessions::expires_at.lt(cutoff)).order(sessions::expires_at.asc());
    let mut ids: Vec<String> = expired.select(sessions::id).limit(limit).load(db)?;
    let room = limit - i64::try_from(ids.len()).unwrap_or(limit);
    if room > 0 {
        let ended = sessions::table.filter(sessions::ended_at.lt(cutoff)).filter(sessions::expires_at.ge(cutoff));
        ids.extend(ended.order(sessions::ended_at.asc()).select(sessions::id).limit(room).load::<String>(db)?);
    }
    if ids.is_empty() {
        return Ok(0);
    }
    let still_over = sessions::expires_at.nullable().lt(cutoff).or(sessions::ended_at.lt(cutoff));
    diesel::delete(sessions::table.filter(sessions::id.eq_any(ids)).filter(still_over)).execute(db)
}

/// Ends the sessions of an account whose row the transaction has locked. Returns those that were live.
///
/// Whatever has not ended is ended, even what has expired at `now`: a refresh with an earlier time may be waiting for its row, or
/// hold it, and would draw its expiry out.
pub(crate) fn end_unended(db: &mut AnyConnection, user: &str, keep: Option<SessionId>, now: At) -> QueryResult<Vec<SessionId>> {
    let keep = keep.map(|id| id.to_string());
    let unended = unended(db, user)?;
    end_these(db, unended.into_iter().filter(|(id, _)| Some(id) != keep.as_ref()), now)
}

/// The sessions of an account that have not ended, least recently used first, and when they expire.
fn unended(db: &mut AnyConnection, user: &str) -> QueryResult<Vec<(String, At)>> {
    sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::ended_at.is_null()))
        .order((sessions::last_used_at.asc(), sessions::id.asc()))
        .select((sessions::id, sessions::expires_at))
        .load(db)
}

/// Keeps the ids and end times of the sessions of an account that is about to be deleted with all its rows.
pub(crate) fn end_for_good(db: &mut AnyConnection, user: &str, now: At) -> QueryResult<()> {
    end_unended(db, user, None, now)?;
    let ended = sessions::table.filter(sessions::user_id.eq(user)).select((sessions::id, sessions::ended_at));
    for (id, at) in ended.load::<(String, Option<At>)>(db)? {
        if let Some(at) = at {
            let row = (ended_sessions::id.eq(id), ended_sessions::ended_at.eq(at));
            diesel::insert_into(ended_sessions::table).values(row).execute(db)?;
        }
    }
    Ok(())
}

/// Ends as many sessions as must go, so that one more makes `limit`: first what has expired, which a refresh on its way could
/// draw out, then the least recently used. Returns those that were live.
fn make_room(db: &mut AnyConnection, user: &str, limit: usize, now: At) -> QueryResult<Vec<SessionId>> {
    let (live, expired): (Vec<_>, Vec<_>) = unended(db, user)?.into_iter().partition(|(_, expires_at)| *expires_at > now);
    let surplus = (live.len() + expired.len() + 1).saturating_sub(limit);
    end_these(db, expired.into_iter().chain(live).take(surplus), now)
}

/// One by one, so that only one caller reports each; an account has few sessions that have not ended.
fn end_these(db: &mut AnyConnection, these: impl Iterator<Item = (String, At)>, now: At) -> QueryResult<Vec<SessionId>> {
    let mut ended = Vec::new();
    for (id, expires_at) in these {
        let unended = sessions::table.find(&id).filter(sessions::ended_at.is_null());
        let has_ended = diesel::update(unended).set(sessions::ended_at.eq(now)).execute(db)? == 1;
        if has_ended && (expires_at > now || was_live(db, &id, now)?) {
            ended.push(id.parse().map_err(|_fault| Error::DeserializationError("a row holds no session id".into()))?);
        }
    }
    Ok(ended)
}

/// Whether a session that has just been ended had not expired. Asked afterwards: nothing moves its expiry any more.
fn was_live(db: &mut AnyConnection, id: &str, now: At) -> QueryResult<bool> {
    let expires_at = sessions::table.find(id).select(sessions::expires_at).get_result::<At>(db).optional()?;
    Ok(expires_at.is_some_and(|expires_at| expires_at > now))
}
