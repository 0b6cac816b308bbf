//! Edits of accounts by administrators.

use auth_domain::{
    accounts::ports::Edited,
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        user::{AccountState, User},
    },
    mail::message::Outgoing,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    find_locked, is_had,
    roles::{has, index},
};
use crate::db::{
    connection::AnyConnection,
    schema::{rows::text_of, tables::users, timestamp::At},
    stores::{
        mail::{is_reserved, post, void_all_of},
        sessions::end_unended,
    },
    transaction::or_undone,
};

/// What is asked for: from what, to what.
pub(super) struct Edit {
    pub(super) id: String,
    pub(super) from: Editable,
    pub(super) to: Editable,
    pub(super) keep: LastAdministrator,
    pub(super) now: DateTime<Utc>,
    pub(super) notice: Option<Outgoing>,
}

/// What an edit can change of a row.
#[derive(AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
struct EditedRow {
    email: String,
    email_verified_at: Option<At>,
    disabled_at: Option<At>,
    updated_at: At,
    version: i64,
    roles: Option<String>,
    profile: Option<String>,
    attributes: Option<String>,
    described_at: Option<At>,
}

impl From<&User> for EditedRow {
    fn from(user: &User) -> Self {
        Self {
            email: user.email.to_string(),
            email_verified_at: user.email_verified_at.map(At::from),
            disabled_at: match user.state {
                AccountState::Active => None,
                AccountState::Disabled { since } => Some(At::from(since)),
            },
            updated_at: At::from(user.updated_at),
            version: user.version,
            roles: text_of(&user.roles, user.roles.is_empty()),
            profile: text_of(&user.profile, user.profile.is_empty()),
            attributes: text_of(&user.attributes, user.attributes.is_empty()),
            described_at: user.described_at.map(At::from),
        }
    }
}

pub(super) fn edit(db: &mut AnyConnection, edit: &Edit) -> QueryResult<Edited> {
    match or_undone(db, |db| try_to(db, edit)) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if is_had(db, &edit.to.email, Some(&edit.id))? => {
            Ok(Edited::EmailTaken)
        }
        edited => edited.map(|outcome| outcome.unwrap_or_else(|undone| undone)),
    }
}

fn try_to(db: &mut AnyConnection, Edit { id, from, to, keep, now, notice }: &Edit) -> QueryResult<Result<Edited, Edited>> {
    // The account first: a session that begins for it at the same time waits here.
    let Some(before) = find_locked(db, id)? else { return Ok(Err(Edited::NoSuchUser)) };
    if Editable::from(&before) != *from {
        return Ok(Err(Edited::ChangedMeanwhile));
    }
    let (after, at) = (to.applied_to(&before, *now), At::from(*now));
    if let Some(another) = keep.needs(&before, Some(&after))
        && !has(db, another, id)?
    {
        return Ok(Err(Edited::LastAdministrator));
    }
    let (moves, voids) = (after.email != before.email, to.voids_proofs_of(&before));
    if voids {
        void_all_of(db, id, at)?;
    }
    diesel::update(users::table.find(id)).set(EditedRow::from(&after)).execute(db)?;
    if !(before.roles.is_empty() && after.roles.is_empty()) {
        index(db, &after)?;
    }
    if moves {
        // Proofs of the address that it has from now on.
        void_all_of(db, id, at)?;
        // Asked last: whoever took the address, or gave it up, at the same time has committed by now.
        if is_had(db, &after.email, Some(id))? || is_reserved(db, &after.email, Some(before.id), at)? {
            return Ok(Err(Edited::EmailTaken));
        }
    }
    let ended = if to.ends_sessions_of(&before) { end_unended(db, id, None, at)? } else { Vec::new() };
    notice.iter().try_for_each(|notice| post(db, notice))?;
    Ok(Ok(Edited::Yes { user: Box::new(after), ended }))
}
