//! Django: the JSON of `manage.py dumpdata`, of `auth.user` or of any model with an address and a password.

use std::io::BufRead;

use auth_domain::admin::import::Refusal;
use serde_json::Value;

use super::{
    FileFault, JsonAccounts, Listed,
    document::{Place, records},
    draft::{Draft, POWERS},
    members::{Members, unreadable, wrong},
};

const EXPECTED: &str = "a list of Django's accounts, as `manage.py dumpdata auth.user` writes it";

pub(super) fn read(source: impl BufRead) -> Result<Vec<Listed>, FileFault> {
    let (mut listed, mut any) = (Vec::new(), false);
    records(source, Place::Top, EXPECTED, |number, text| {
        any = true;
        listed.extend(Django.listed(number, text.as_bytes()));
    })?;
    if any && listed.is_empty() {
        let why = "no record has both `email` and `password` among its `fields`".to_owned();
        return Err(FileFault::Shape { expected: EXPECTED, why });
    }
    Ok(listed)
}

struct Django;

impl JsonAccounts for Django {
    /// Dumps may hold other models as well.
    fn is_account(&self, record: Members<'_>) -> bool {
        let is_of_people = |fields: Members<'_>| fields.names("email") && fields.names("password");
        record.object("fields").map_or(true, |fields| fields.is_none_or(is_of_people))
    }

    fn address<'a>(&self, record: Members<'a>) -> Result<Option<&'a str>, Refusal> {
        record.object("fields")?.map_or(Ok(None), |fields| fields.text("email"))
    }

    fn account(&self, record: Members<'_>) -> Result<Draft, Refusal> {
        let fields = record.object("fields")?.ok_or_else(|| unreadable("it has no fields"))?;
        let mut draft = Draft::of(self.address(record)?)?;
        match record.get("pk") {
            Some(Value::String(id)) => draft.id(id)?,
            Some(Value::Number(id)) => draft.id(&id.to_string())?,
            None => {}
            Some(_) => return Err(wrong("pk", "a number or a text")),
        }
        draft.username(fields.text("username")?)?;
        draft.claim("given_name", fields.text("first_name")?);
        draft.claim("family_name", fields.text("last_name")?);
        // What begins so is nobody's hash: Django writes it for people who have no password.
        draft.password(fields.text("password")?.filter(|hash| !hash.starts_with('!')));
        draft.disabled(!fields.flag("is_active")?.unwrap_or(true));
        draft.arrival.created_at = fields.time("date_joined")?;
        draft.arrival.last_login_at = fields.time("last_login")?;
        draft.roles(named(fields.list("groups")?))?;
        let has_powers = fields.flag("is_superuser")?.unwrap_or_default() || fields.flag("is_staff")?.unwrap_or_default();
        draft.note(has_powers, POWERS);
        Ok(draft)
    }
}

/// The groups by their names, where the dump has these: with `--natural-foreign`.
fn named(groups: &[Value]) -> impl Iterator<Item = &str> {
    groups.iter().filter_map(|group| match group.as_array().map(Vec::as_slice) {
        Some([name]) => name.as_str(),
        Some(_) | None => None,
    })
}
