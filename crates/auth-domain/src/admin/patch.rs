//! A change of an account as somebody asks for it: what is not said stays.

use serde_json::Value;

use crate::identity::{
    document::{Document, DocumentFault},
    editable::{Editable, Member},
    email::Email,
    role::Roles,
};

/// What is to be changed of an account. Documents are changed by merge patches (RFC 7396).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    pub email: Option<Email>,
    pub roles: Option<Roles>,
    pub profile: Option<Value>,
    pub attributes: Option<Value>,
    pub email_verified: Option<bool>,
    pub disabled: Option<bool>,
}

/// A document would be none, afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct PatchFault {
    pub member: Member,
    pub fault: DocumentFault,
}

impl Patch {
    /// What an account is to be.
    ///
    /// # Errors
    /// Every document that would be none.
    pub fn apply(&self, from: &Editable) -> Result<Editable, Vec<PatchFault>> {
        let profile = patched(Member::Profile, &from.profile, self.profile.as_ref());
        let attributes = patched(Member::Attributes, &from.attributes, self.attributes.as_ref());
        match (profile, attributes) {
            (Ok(profile), Ok(attributes)) => Ok(Editable {
                email: self.email.clone().unwrap_or_else(|| from.email.clone()),
                roles: self.roles.clone().unwrap_or_else(|| from.roles.clone()),
                profile,
                attributes,
                email_verified: self.email_verified.unwrap_or(from.email_verified),
                disabled: self.disabled.unwrap_or(from.disabled),
            }),
            (profile, attributes) => Err([profile.err(), attributes.err()].into_iter().flatten().collect()),
        }
    }
}

fn patched(member: Member, from: &Document, patch: Option<&Value>) -> Result<Document, PatchFault> {
    let Some(patch) = patch else { return Ok(from.clone()) };
    from.patched(patch).map_err(|fault| PatchFault { member, fault })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testkit::samples::{email, user};

    fn ann() -> Editable {
        let mut ann = Editable::from(&user("ann@example.org"));
        ann.profile = Document::of(json!({ "name": "Ann", "pets": { "cat": 1 } }).as_object().unwrap().clone()).unwrap();
        ann
    }

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(Patch::default().apply(&ann()), Ok(ann()));
        let patch = Patch { email: Some(email("ben@example.org")), disabled: Some(true), ..Patch::default() };
        let after = patch.apply(&ann()).unwrap();
        assert_eq!(ann().differences(&after), [Member::Email, Member::Disabled]);
    }

    #[test]
    fn documents_are_merged_and_null_clears_them() {
        let merged = |patch: Value| Patch { profile: Some(patch), ..Patch::default() }.apply(&ann()).unwrap().profile.to_string();
        assert_eq!(merged(json!({ "pets": { "dog": 2 }, "name": null })), r#"{"pets":{"cat":1,"dog":2}}"#);
        assert_eq!(merged(json!({ "__proto__": { "admin": true } })).matches("__proto__").count(), 1);
        assert_eq!(merged(Value::Null), "{}");
    }

    #[test]
    fn every_document_that_would_be_none_is_told() {
        let deep = json!({ "a": { "b": { "c": { "d": { "e": {} } } } } });
        let patch = Patch { profile: Some(deep), attributes: Some(json!([])), ..Patch::default() };
        let faults = [
            PatchFault { member: Member::Profile, fault: DocumentFault::TooDeep },
            PatchFault { member: Member::Attributes, fault: DocumentFault::NoObject },
        ];
        assert_eq!(patch.apply(&ann()), Err(faults.to_vec()));
    }
}
