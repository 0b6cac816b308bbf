//! GoTrue, which is Supabase's: a CSV of its table `auth.users`.

use std::io::BufRead;

use auth_domain::admin::import::Refusal;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    FileFault, Listed,
    draft::{Draft, POWERS, PROVIDERS},
    members::{unreadable, wrong},
    table::{Row, Table},
    time,
};

const EXPECTED: &str = "a CSV of GoTrue's table auth.users with the names of its columns";

const NEEDED: [&str; 3] = ["id", "email", "encrypted_password"];

pub(super) fn read(source: impl BufRead, now: DateTime<Utc>) -> Result<Vec<Listed>, FileFault> {
    let table = Table::of(source, EXPECTED)?;
    let missing: Vec<_> = NEEDED.into_iter().filter(|name| !table.columns().iter().any(|column| column == name)).collect();
    if !missing.is_empty() {
        return Err(table.fault(format!("its first row does not name {}", missing.join(", "))));
    }
    table.listed(|row| account(row, now))
}

fn account(row: Row<'_>, now: DateTime<Utc>) -> Result<Draft, Refusal> {
    let (address, phone) = (row.text("email")?, row.text("phone")?);
    if row.text("deleted_at")?.is_some() {
        return Err(unreadable("it was deleted there"));
    }
    if row.flag("is_anonymous")?.unwrap_or_default() {
        return Err(unreadable("an anonymous account"));
    }
    if address.is_none() && phone.is_some() {
        return Err(unreadable("it has a phone number and no e-mail address"));
    }
    let mut draft = Draft::of(address)?;
    let mut metadata = row.object("raw_app_meta_data")?;
    let signs_in_elsewhere = has_other_providers(&mut metadata) || row.flag("is_sso_user")?.unwrap_or_default();
    draft.profile_of("raw_user_meta_data", row.object("raw_user_meta_data")?);
    draft.attributes_of("raw_app_meta_data", metadata);
    draft.id(row.text("id")?.ok_or_else(|| wrong("id", "there"))?)?;
    draft.attribute("phone_number", phone)?;
    draft.password(row.text("encrypted_password")?);
    draft.disabled(is_banned(row, now)?);
    let confirmed = row.time("email_confirmed_at")?;
    draft.verified(confirmed.is_some(), confirmed);
    draft.arrival.created_at = row.time("created_at")?;
    draft.arrival.last_login_at = row.time("last_sign_in_at")?;
    draft.note(signs_in_elsewhere, PROVIDERS);
    draft.note(row.flag("is_super_admin")?.unwrap_or_default(), POWERS);
    Ok(draft)
}

/// Takes out what GoTrue itself wrote there.
fn has_other_providers(metadata: &mut Map<String, Value>) -> bool {
    let (first, all) = (metadata.remove("provider"), metadata.remove("providers"));
    let all = all.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut names = first.iter().chain(all).filter_map(Value::as_str);
    names.any(|name| !["email", "phone"].contains(&name))
}

fn is_banned(row: Row<'_>, now: DateTime<Utc>) -> Result<bool, Refusal> {
    match row.text("banned_until")? {
        None => Ok(false),
        // As PostgreSQL writes the end of time.
        Some("infinity") => Ok(true),
        Some(text) => Ok(time::of_text(text).ok_or_else(|| wrong("banned_until", "a time"))? > now),
    }
}
