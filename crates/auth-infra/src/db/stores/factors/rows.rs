//! Factors as rows. One that does not parse is corrupt, never missing.

use auth_domain::{
    factors::{
        factor::FactorName,
        totp::{TimeStep, TotpFactor},
    },
    identity::encrypted::Encrypted,
};
use diesel::{Insertable, Queryable, Selectable, result::Error};

use crate::db::schema::{rows::parsed, tables::totp_factors, timestamp::At};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = totp_factors)]
pub(crate) struct TotpRow {
    id: String,
    user_id: String,
    name: String,
    encrypted_with: String,
    encrypted_text: String,
    created_at: At,
    confirmed_at: Option<At>,
    last_step: i64,
    last_used_at: Option<At>,
}

impl From<&TotpFactor> for TotpRow {
    fn from(factor: &TotpFactor) -> Self {
        Self {
            id: factor.id.to_string(),
            user_id: factor.user.to_string(),
            name: factor.name.to_string(),
            encrypted_with: factor.secret.with.clone(),
            encrypted_text: factor.secret.text.clone(),
            created_at: At::from(factor.created_at),
            confirmed_at: factor.confirmed_at.map(At::from),
            last_step: factor.last_step.0,
            last_used_at: factor.last_used_at.map(At::from),
        }
    }
}

impl TryFrom<TotpRow> for TotpFactor {
    type Error = Error;

    fn try_from(row: TotpRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "factor id")?,
            user: parsed(&row.user_id, "user id")?,
            name: parsed::<FactorName>(&row.name, "name of a factor")?,
            secret: Encrypted { with: row.encrypted_with, text: row.encrypted_text },
            created_at: row.created_at.utc(),
            confirmed_at: row.confirmed_at.map(At::utc),
            last_step: TimeStep(row.last_step),
            last_used_at: row.last_used_at.map(At::utc),
        })
    }
}
