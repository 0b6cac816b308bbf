//! Changes an account: its address, whether that is verified, whether it may log in, its roles, and what is kept of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::AdminError;
use crate::{
    accounts::ports::{Edited, UserAdminStore, UserStore},
    audit::{
        event::{Actor, AuditEvent},
        initiator::Initiator,
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{
        administrator::LastAdministrator,
        clock::Clock,
        editable::{Editable, Member},
        user::User,
    },
    mail::{
        message::{Occasion, Outgoing},
        writer::MailWriter,
    },
};

/// How often a change is tried while others change the account.
const TRIES: usize = 5;

pub struct EditUser {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Whether administrators need a second factor.
    pub with_factor: bool,
}

/// An account after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedUser {
    pub user: User,
    pub sessions_ended: usize,
}

impl EditUser {
    /// Changes an account that is still as `user` was seen. Where nothing differs, nothing is done. By `force`, the last administrator
    /// may go.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn execute(&self, user: &User, to: Editable, force: bool, by: &Initiator) -> Result<User, AdminError> {
        self.edit(user, &to, force, by).await.map(|edited| edited.user)
    }

    /// Changes an account as it is by now: if somebody else is faster, again.
    ///
    /// # Errors
    /// What `change` answers, or [`AdminError`].
    pub async fn change<E: From<AdminError>>(
        &self,
        user: &User,
        change: impl Fn(Editable) -> Result<Editable, E> + Send,
        force: bool,
        by: &Initiator,
    ) -> Result<EditedUser, E> {
        let mut user = user.clone();
        for _try in 1..TRIES {
            match self.edit(&user, &change(Editable::from(&user))?, force, by).await {
                Err(AdminError::ChangedMeanwhile) => {}
                edited => return edited.map_err(E::from),
            }
            let found = self.users.find(user.id).await.map_err(AdminError::from)?;
            user = found.ok_or(AdminError::NoSuchUser)?;
        }
        self.edit(&user, &change(Editable::from(&user))?, force, by).await.map_err(E::from)
    }

    async fn edit(&self, user: &User, to: &Editable, force: bool, by: &Initiator) -> Result<EditedUser, AdminError> {
        let (from, now) = (Editable::from(user), self.clock.now());
        let members = from.differences(to);
        if members.is_empty() {
            return Ok(EditedUser { user: user.clone(), sessions_ended: 0 });
        }
        let keep = LastAdministrator::unless(force, self.with_factor);
        let notice = members.contains(&Member::Email).then(|| self.notice(user, to, by, now)).flatten();
        let events = events(&members, &to.applied_to(user, now), by, now);
        let outcome = self.directory.edit(user.id, &from, to, keep, now, notice.as_ref()).await;
        match outcome.or_all_unknown(&*self.audit, &events)? {
            Edited::Yes { user, ended } => {
                events.into_iter().for_each(|event| self.audit.record(event));
                by.record_ended(&*self.audit, &user, &ended, Some(Reason::Disabled), now);
                Ok(EditedUser { user: *user, sessions_ended: ended.len() })
            }
            Edited::NoSuchUser => Err(AdminError::NoSuchUser),
            Edited::ChangedMeanwhile => Err(AdminError::ChangedMeanwhile),
            Edited::EmailTaken => Err(AdminError::EmailTaken),
            Edited::LastAdministrator => Err(AdminError::LastAdministrator),
        }
    }

    /// To the address that the account had.
    fn notice(&self, user: &User, to: &Editable, by: &Initiator, now: DateTime<Utc>) -> Option<Outgoing> {
        let notice = self.writer.notice(Occasion::EmailChanged, user, &by.context, now)?;
        Some(Outgoing { other_address: Some(to.email.clone()), ..notice })
    }
}

/// What is told of a change: by the name that it has, and by its members. A command that is all told by names is told by them alone, as
/// it has always been.
fn events(members: &[Member], after: &User, by: &Initiator, now: DateTime<Utc>) -> Vec<AuditEvent> {
    let is_moved = members.contains(&Member::Email);
    let name = |member: &Member| match member {
        Member::Email => Some(EventKind::EmailChanged),
        Member::EmailVerified => after.email_verified_at.map(|_at| EventKind::EmailVerified),
        Member::Disabled if after.is_active() => Some(EventKind::AccountEnabled),
        Member::Disabled => Some(EventKind::AccountDisabled),
        Member::Roles | Member::Profile | Member::Attributes => None,
    };
    // Another address says that it is unverified.
    let is_told = |member: &Member| name(member).is_some() || (is_moved && *member == Member::EmailVerified);
    let named = members.iter().filter_map(name).map(|kind| by.event(kind, after, now));
    let is_all_told = by.actor == Actor::Operator && members.iter().all(is_told);
    let updated = || by.event(EventKind::UserUpdated, after, now).of_members(members.iter().copied());
    named.chain((!is_all_told).then(updated)).collect()
}

#[cfg(test)]
mod tests;
