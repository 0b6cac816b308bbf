//! An account that is put together from another system's record.

use auth_domain::{
    admin::{
        import::Refusal,
        transfer::{Activity, Arrival, Verification},
    },
    identity::{
        document::{DOCUMENT_MAX_BYTES, DOCUMENT_MAX_DEPTH, Document, DocumentFault},
        email::Email,
        ids::UserId,
        password_hash::PasswordHash,
        role::{ROLES_MAX, Role, Roles},
    },
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::members::unreadable;

pub(super) const NO_PASSWORD: &str = "it comes without a password";
pub(super) const FACTORS: &str = "its second factors are not taken over";
pub(super) const PROVIDERS: &str = "its sign-ins by other providers are not taken over";
pub(super) const ADMIN: &str = "its role `admin` is not taken over";
pub(super) const ROLES: &str = "roles whose names this server does not take are left out";
pub(super) const POWERS: &str = "it administers the other system, and has no role for it here";
pub(super) const ADMINISTERS: &str = "it has the role `admin`";

/// The attribute with the id that an account had, where it cannot keep it.
const PREVIOUS_ID: &str = "previous_id";
/// The attribute with the name that its owner logged in by, where that was not the address.
const PREVIOUS_USERNAME: &str = "previous_username";

#[derive(Debug)]
pub(super) struct Draft {
    pub(super) arrival: Arrival,
    notes: Vec<&'static str>,
    profile: Written,
    attributes: Written,
}

/// A document that grows, and what it is called in the other system.
#[derive(Debug)]
struct Written {
    called: &'static str,
    members: Map<String, Value>,
}

impl Draft {
    pub(super) fn of(email: Option<&str>) -> Result<Self, Refusal> {
        let email: Email = email.unwrap_or_default().parse().map_err(|_fault| Refusal::Address)?;
        Ok(Self {
            arrival: Arrival::of(email),
            notes: Vec::new(),
            profile: Written { called: "its profile", members: Map::new() },
            attributes: Written { called: "what becomes its attributes", members: Map::new() },
        })
    }

    /// Keeps a UUID, which has one spelling here; any other id becomes an attribute.
    pub(super) fn id(&mut self, id: &str) -> Result<(), Refusal> {
        match Uuid::try_parse(id) {
            Ok(uuid) if uuid.hyphenated().to_string().eq_ignore_ascii_case(id) => {
                self.arrival.id = Some(UserId(uuid));
                Ok(())
            }
            Ok(_) | Err(_) => self.attribute(PREVIOUS_ID, Some(id)),
        }
    }

    pub(super) fn username(&mut self, name: Option<&str>) -> Result<(), Refusal> {
        let is_the_address = |name: &str| name.parse().is_ok_and(|email: Email| email == self.arrival.email);
        let name = name.filter(|name| !is_the_address(name));
        self.attribute(PREVIOUS_USERNAME, name)
    }

    pub(super) fn password(&mut self, hash: Option<impl Into<String>>) {
        self.arrival.password = hash.map(|hash| PasswordHash::new(hash.into()));
    }

    pub(super) fn disabled(&mut self, is_disabled: bool) {
        if is_disabled {
            self.arrival.activity = Activity::Disabled(None);
        }
    }

    pub(super) fn verified(&mut self, is_verified: bool, since: Option<DateTime<Utc>>) {
        if is_verified {
            self.arrival.verification = Verification::Yes(since);
        }
    }

    pub(super) fn note(&mut self, if_so: bool, note: &'static str) {
        if if_so && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What its owner may change, as the other system calls it.
    pub(super) fn profile_of(&mut self, called: &'static str, members: Map<String, Value>) {
        self.profile = Written { called, members };
    }

    /// What its owner may not change, as the other system calls it.
    pub(super) fn attributes_of(&mut self, called: &'static str, members: Map<String, Value>) {
        self.attributes = Written { called, members };
    }

    /// A member of the profile, where it has none of this name.
    pub(super) fn claim(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.profile.members.entry(name).or_insert_with(|| value.into());
        }
    }

    /// One attribute more. What the other system gave this name would be lost by it.
    pub(super) fn attribute(&mut self, name: &str, value: Option<&str>) -> Result<(), Refusal> {
        let Some(value) = value else { return Ok(()) };
        match self.attributes.members.insert(name.to_owned(), value.into()) {
            None => Ok(()),
            Some(_) => {
                Err(unreadable(format!("{} has a member `{name}`, which this import writes itself", self.attributes.called)))
            }
        }
    }

    /// The roles but `admin`: that one opens the administration here, whatever it meant there.
    pub(super) fn roles<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
        let mut roles = Vec::new();
        for name in names {
            match name.parse::<Role>() {
                Ok(role) if role.as_str() == Role::ADMIN => self.note(true, ADMIN),
                Ok(role) => roles.push(role),
                Err(_fault) => self.note(true, ROLES),
            }
        }
        self.arrival.roles = Roles::of(roles).map_err(|_fault| unreadable(format!("it has more than {ROLES_MAX} roles")))?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(Arrival, Vec<&'static str>), Refusal> {
        self.note(self.arrival.password.is_none(), NO_PASSWORD);
        let (profile, attributes) = (self.profile.document()?, self.attributes.document()?);
        Ok((Arrival { profile, attributes, ..self.arrival }, self.notes))
    }
}

impl Written {
    fn document(self) -> Result<Document, Refusal> {
        let called = self.called;
        Document::of(self.members).map_err(|fault| match fault {
            DocumentFault::TooLarge => unreadable(format!("{called} has more than {DOCUMENT_MAX_BYTES} bytes of compact JSON")),
            DocumentFault::TooDeep => unreadable(format!("{called} is deeper than {DOCUMENT_MAX_DEPTH} levels")),
            DocumentFault::NoObject => unreadable(format!("{called} is not an object")),
        })
    }
}
