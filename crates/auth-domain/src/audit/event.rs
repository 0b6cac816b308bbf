//! What is remembered of every authentication event: who, what, to what, when, from where.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{
    kind::{EventKind, Outcome},
    reason::Reason,
};
use crate::identity::{
    editable::Member,
    email::Email,
    ids::{ClientId, KeyId, SessionId, UserId},
    method::{Method, names},
    request_context::RequestContext,
    user::User,
};
use crate::mail::proof::Purpose;

/// Who did it, as far as that is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has proven nothing.
    Unknown,
    /// The owner of an account.
    User(UserId),
    /// A resource server.
    Client(ClientId),
    /// Whoever may run commands on this machine.
    Operator,
    /// The server itself, in the background.
    Server,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Nothing,
    /// An account, or one of its sessions.
    Account {
        user: UserId,
        email: Email,
        session: Option<SessionId>,
    },
    /// A session of which no account is known.
    Session(SessionId),
    /// An address, whether or not it has an account.
    Address(Email),
    /// A resource server.
    Client(ClientId),
    /// A key that signs access tokens.
    Key(KeyId),
    /// What a proof of a mailbox is for, as far as it is known whose.
    Mailbox {
        purpose: Purpose,
        email: Option<Email>,
        user: Option<UserId>,
    },
}

/// One line of the audit trail. Never holds a password, a token, a hash or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    /// How somebody was authenticated, or tried to be, where the kind does not say it.
    pub methods: Vec<Method>,
    /// What of an account was changed, where the kind does not say it.
    pub members: Vec<Member>,
    /// What a client may do from then on, or by its token: the names of scopes.
    pub scopes: Vec<&'static str>,
    pub actor: Actor,
    pub target: Target,
    pub context: RequestContext,
}

impl Actor {
    /// What kind of actor it is, by name; `None` where nobody is known, or nobody but the server.
    #[must_use]
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Self::User(_) => Some("user"),
            Self::Client(_) => Some("client"),
            Self::Operator => Some("operator"),
            Self::Unknown | Self::Server => None,
        }
    }

    /// Which account or client it is.
    #[must_use]
    pub fn id(self) -> Option<String> {
        match self {
            Self::User(id) => Some(id.to_string()),
            Self::Client(id) => Some(id.to_string()),
            Self::Operator | Self::Unknown | Self::Server => None,
        }
    }
}

impl Target {
    #[must_use]
    pub fn account(user: &User) -> Self {
        Self::Account { user: user.id, email: user.email.clone(), session: None }
    }

    /// What somebody tried to get into: the account that was found, if any, by the address they gave.
    #[must_use]
    pub fn attempted(email: &Email, found: Option<&User>) -> Self {
        let email = email.clone();
        match found {
            Some(user) => Self::Account { user: user.id, email, session: None },
            None => Self::Address(email),
        }
    }

    /// A session: of the account, if there is one.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        match self {
            Self::Account { user, email, session: _ } => Self::Account { user, email, session: Some(session) },
            Self::Nothing | Self::Session(_) | Self::Address(_) | Self::Client(_) | Self::Key(_) | Self::Mailbox { .. } => {
                Self::Session(session)
            }
        }
    }
}

impl AuditEvent {
    #[must_use]
    pub fn new(kind: EventKind, context: &RequestContext, at: DateTime<Utc>) -> Self {
        let (outcome, context) = (kind.outcome(), context.clone());
        Self {
            at,
            kind,
            outcome,
            reason: None,
            methods: Vec::new(),
            members: Vec::new(),
            scopes: Vec::new(),
            actor: Actor::Unknown,
            target: Target::Nothing,
            context,
        }
    }

    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    #[must_use]
    pub fn by_methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        Self { methods: methods.into_iter().collect(), ..self }
    }

    #[must_use]
    pub fn of_members(self, members: impl IntoIterator<Item = Member>) -> Self {
        Self { members: members.into_iter().collect(), ..self }
    }

    #[must_use]
    pub fn of_scopes(self, scopes: impl IntoIterator<Item = &'static str>) -> Self {
        Self { scopes: scopes.into_iter().collect(), ..self }
    }

    /// The names of the members, or of the scopes, one space between two.
    #[must_use]
    pub fn what(&self) -> Option<String> {
        let names: Vec<_> = self.members.iter().map(|member| member.name()).chain(self.scopes.iter().copied()).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// The names of the methods, one space between two.
    #[must_use]
    pub fn how(&self) -> Option<String> {
        (!self.methods.is_empty()).then(|| names(&self.methods))
    }

    /// Says that nobody knows whether it happened.
    #[must_use]
    pub fn of_unknown_outcome(self) -> Self {
        Self { outcome: Outcome::Unknown, ..self }
    }

    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// By the owner of an account, to the account.
    #[must_use]
    pub fn by_owner(self, user: UserId, email: &Email) -> Self {
        self.by(Actor::User(user)).on(Target::Account { user, email: email.clone(), session: None })
    }

    #[must_use]
    pub fn on(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// To a session: of the account that it was done to, if there is one.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { target: self.target.in_session(session), ..self }
    }

    /// The account that it was done to.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match &self.target {
            Target::Account { user, .. } => Some(*user),
            Target::Mailbox { user, .. } => *user,
            Target::Nothing | Target::Session(_) | Target::Address(_) | Target::Client(_) | Target::Key(_) => None,
        }
    }

    /// The session that it was done to.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match &self.target {
            Target::Account { session, .. } => *session,
            Target::Session(session) => Some(*session),
            Target::Nothing | Target::Address(_) | Target::Client(_) | Target::Key(_) | Target::Mailbox { .. } => None,
        }
    }

    /// The address that it was done to, whether or not it has an account.
    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        match &self.target {
            Target::Account { email, .. } | Target::Address(email) => Some(email),
            Target::Mailbox { email, .. } => email.as_ref(),
            Target::Nothing | Target::Session(_) | Target::Client(_) | Target::Key(_) => None,
        }
    }

    /// The reason as logs and databases have always held it: one word, then the client, the key or the purpose, which
    /// have no column.
    #[must_use]
    pub fn why(&self) -> Option<Cow<'static, str>> {
        let about = match &self.target {
            Target::Client(id) => Some(id.to_string()),
            Target::Key(id) => Some(id.to_string()),
            Target::Mailbox { purpose, .. } => Some(purpose.name().to_owned()),
            Target::Nothing | Target::Account { .. } | Target::Session(_) | Target::Address(_) => None,
        };
        match (self.word(), about) {
            (Some(word), Some(about)) => Some(format!("{word} {about}").into()),
            (None, about) => about.map(Cow::Owned),
            (word, None) => word.map(Cow::Borrowed),
        }
    }

    /// The first word of [`why`](Self::why). That nobody knows the outcome comes before the reason; an operator is one.
    #[must_use]
    pub fn word(&self) -> Option<&'static str> {
        // The events of keys have never told who.
        let by_operator = self.actor == Actor::Operator && !matches!(self.target, Target::Key(_));
        match (self.outcome, self.reason) {
            (Outcome::Unknown, _) => Some("outcome_unknown"),
            (Outcome::Success | Outcome::Failure, Some(reason)) => Some(reason.name()),
            (Outcome::Success | Outcome::Failure, None) => by_operator.then_some("operator"),
        }
    }
}

#[cfg(test)]
mod tests;
