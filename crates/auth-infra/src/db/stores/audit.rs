//! The audit trail as rows.

use async_trait::async_trait;
use auth_domain::{
    audit::{
        entry::{Entry, Filter, Whose},
        ports::AuditStore,
    },
    identity::port_error::PortError,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::prune::forget_oldest;
use crate::db::{
    connection::{AnyConnection, on_its_engine},
    database::Database,
    schema::{
        rows::{address_of, context, parsed, parsed_if_any, user_agent_of},
        tables::audit_events,
        timestamp::At,
    },
    transaction::in_transaction,
};

/// Stores the audit trail.
#[derive(Clone)]
pub struct DieselAudit(pub Database);

#[async_trait]
impl AuditStore for DieselAudit {
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError> {
        let rows: Vec<_> = entries.iter().map(EntryRow::from).collect();
        self.0
            .write(move |db| match insert(db, rows.iter().collect()) {
                // The whole transaction is undone. Some entries are there already: an earlier call wrote them, but its success
                // was not reported.
                Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    let ids: Vec<_> = rows.iter().map(|row| &row.id).collect();
                    let kept = audit_events::table.filter(audit_events::id.eq_any(ids)).select(audit_events::id);
                    let kept: Vec<String> = kept.load(db)?;
                    insert(db, rows.iter().filter(|row| !kept.contains(&row.id)).collect())
                }
                outcome => outcome,
            })
            .await
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError> {
        let filter = filter.clone();
        self.0
            .read(move |db| {
                let mut query = audit_events::table.filter(audit_events::occurred_at.ge(At::from(filter.since))).into_boxed();
                // One end alone: of two, SQLite begins at one in the index, and reads all that lies between it and the other.
                match (filter.before, filter.until) {
                    (Some(place), until) if until.is_none_or(|until| place.at < until) => {
                        query = query.filter(audit_events::occurred_at.le(At::from(place.at)));
                    }
                    (_, Some(until)) => query = query.filter(audit_events::occurred_at.lt(At::from(until))),
                    (_, None) => {}
                }
                match &filter.whose {
                    Some(Whose::User(user)) => query = query.filter(audit_events::user_id.eq(user.to_string())),
                    Some(Whose::Address(email)) => match email.in_unicode() {
                        Some(former) => query = query.filter(audit_events::email.eq_any([email.to_string(), former])),
                        None => query = query.filter(audit_events::email.eq(email.to_string())),
                    },
                    None => {}
                }
                if let Some(event) = filter.event {
                    query = query.filter(audit_events::event.eq(event.name()));
                }
                if let Some(place) = filter.before {
                    let (at, id) = (At::from(place.at), place.id.to_string());
                    query = query.filter(audit_events::occurred_at.lt(at).or(audit_events::id.lt(id)));
                }
                let query = query.order((audit_events::occurred_at.desc(), audit_events::id.desc())).limit(filter.limit.into());
                let rows: Vec<EntryRow> = query.select(EntryRow::as_select()).load(db)?;
                rows.into_iter().map(Entry::try_from).collect()
            })
            .await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let (cutoff, limit) = (At::from(cutoff), i64::from(limit));
        self.0.write(move |db| forget_oldest!(db, audit_events.occurred_at, cutoff, limit)).await
    }
}

/// One statement for all rows, so that a batch takes one round trip. Each engine separately: Diesel cannot write such a statement
/// for all of them.
fn insert(db: &mut AnyConnection, rows: Vec<&EntryRow>) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    in_transaction(db, |db| {
        let insert = diesel::insert_into(audit_events::table).values(rows);
        on_its_engine!(db, |db| insert.execute(db)).map(|_all| ())
    })
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct EntryRow {
    id: String,
    occurred_at: At,
    event: String,
    outcome: String,
    reason: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    email: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    methods: Option<String>,
    actor_type: Option<String>,
    actor_id: Option<String>,
    members: Option<String>,
}

impl From<&Entry> for EntryRow {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            occurred_at: At::from(entry.at),
            event: entry.event.to_string(),
            outcome: entry.outcome.to_string(),
            reason: entry.reason.as_ref().map(ToString::to_string),
            user_id: entry.user.map(|id| id.to_string()),
            session_id: entry.session.map(|id| id.to_string()),
            email: entry.email.clone(),
            address: address_of(&entry.context),
            user_agent: user_agent_of(&entry.context),
            request_id: entry.context.request_id.clone(),
            methods: entry.methods.clone(),
            actor_type: entry.actor_type.as_ref().map(ToString::to_string),
            actor_id: entry.actor_id.clone(),
            members: entry.members.clone(),
        }
    }
}

impl TryFrom<EntryRow> for Entry {
    type Error = Error;

    fn try_from(row: EntryRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "entry id")?,
            at: row.occurred_at.utc(),
            event: row.event.into(),
            outcome: row.outcome.into(),
            reason: row.reason.map(Into::into),
            methods: row.methods,
            actor_type: row.actor_type.map(Into::into),
            actor_id: row.actor_id,
            members: row.members,
            user: parsed_if_any(row.user_id.as_deref(), "user id")?,
            session: parsed_if_any(row.session_id.as_deref(), "session id")?,
            email: row.email,
            context: context(row.address.as_deref(), row.user_agent.as_deref(), row.request_id)?,
        })
    }
}
