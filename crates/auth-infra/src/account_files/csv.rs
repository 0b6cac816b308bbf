//! A CSV whose columns are named as the members of our own accounts: for systems without a reader of their own.

use std::io::BufRead;

use auth_domain::{
    admin::{
        import::Refusal,
        transfer::{Activity, Contradiction, Verification},
    },
    identity::{
        language::Language,
        role::{ROLES_MAX, Role, Roles},
    },
};

use super::{
    FileFault, Listed,
    draft::{ADMINISTERS, Draft},
    members::{unreadable, wrong},
    table::{Row, Table},
};

const EXPECTED: &str = "a CSV whose first row names columns of this server's accounts, `email` among them";

const COLUMNS: [&str; 17] = [
    "id",
    "email",
    "email_verified",
    "email_verified_at",
    "password_hash",
    "created_at",
    "updated_at",
    "last_login_at",
    "disabled",
    "disabled_at",
    "language",
    "roles",
    "profile",
    "attributes",
    // Of an export; the rest of it cannot be in a table.
    "has_password",
    "factors",
    "identities",
];

pub(super) fn read(source: impl BufRead) -> Result<Vec<Listed>, FileFault> {
    let table = Table::of(source, EXPECTED)?;
    if !table.columns().iter().any(|column| column == "email") {
        return Err(table.fault("its first row does not name `email`, or not with commas between names"));
    }
    // Nothing is lost by a slip of the pen.
    if let Some(place) = table.columns().iter().position(|column| !COLUMNS.contains(&column.as_str())) {
        return Err(table.fault(format!("the name of column {} is none of {}", place + 1, COLUMNS.join(", "))));
    }
    table.listed(account)
}

fn account(row: Row<'_>) -> Result<Draft, Refusal> {
    for column in ["factors", "identities"] {
        if row.text(column)?.is_some_and(|text| text != "[]") {
            return Err(unreadable(format!("{column} cannot be taken from a CSV")));
        }
    }
    let mut draft = Draft::of(row.text("email")?)?;
    draft.profile_of("profile", row.object("profile")?);
    draft.attributes_of("attributes", row.object("attributes")?);
    if let Some(id) = row.text("id")? {
        draft.id(id)?;
    }
    draft.password(row.text("password_hash")?);
    let arrival = &mut draft.arrival;
    arrival.created_at = row.time("created_at")?;
    arrival.updated_at = row.time("updated_at")?;
    arrival.last_login_at = row.time("last_login_at")?;
    arrival.activity = Activity::of(row.flag("disabled")?, row.time("disabled_at")?)
        .map_err(|Contradiction| unreadable("disabled and disabled_at contradict each other"))?;
    arrival.verification = Verification::of(row.flag("email_verified")?, row.time("email_verified_at")?)
        .map_err(|Contradiction| unreadable("email_verified and email_verified_at contradict each other"))?;
    let language = |tag: &str| tag.parse::<Language>().map_err(|fault| unreadable(format!("language {fault}")));
    arrival.language = row.text("language")?.map(language).transpose()?;
    arrival.roles = roles(row.text("roles")?.unwrap_or_default())?;
    let administers = arrival.roles.administers();
    draft.note(administers, ADMINISTERS);
    Ok(draft)
}

/// Names with spaces or commas between them. Here they are meant as they stand, `admin` too.
fn roles(text: &str) -> Result<Roles, Refusal> {
    let names = text.split([' ', ',']).filter(|name| !name.is_empty());
    let roles = names.map(str::parse).collect::<Result<Vec<Role>, _>>().map_err(|_fault| wrong("roles", "a list of roles"))?;
    Roles::of(roles).map_err(|_fault| unreadable(format!("roles are more than {ROLES_MAX}")))
}
