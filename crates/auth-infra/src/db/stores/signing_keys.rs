//! Signing keys as rows.

use async_trait::async_trait;
use auth_domain::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{key::SigningKey, ports::KeyStore},
};
use chrono::{DateTime, Utc};
use diesel::{
    Insertable, Queryable, Selectable,
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use crate::db::{
    database::Database,
    schema::{rows::parsed, tables::signing_keys, timestamp::At},
};

/// Stores signing keys.
#[derive(Clone)]
pub struct DieselKeys(pub Database);

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
struct KeyRow {
    id: String,
    number: i64,
    algorithm: String,
    public_jwk: String,
    sealed_with: String,
    sealed_text: String,
    created_at: At,
    signs_from: At,
    retired_at: Option<At>,
    revoked_at: Option<At>,
}

#[async_trait]
impl KeyStore for DieselKeys {
    async fn all(&self) -> Result<Vec<SigningKey>, PortError> {
        let all = signing_keys::table.order(signing_keys::number.asc()).select(KeyRow::as_select());
        self.0.read(move |db| all.load(db)?.into_iter().map(SigningKey::try_from).collect()).await
    }

    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError> {
        let row = KeyRow::from(key);
        self.0
            .write(move |db| match diesel::insert_into(signing_keys::table).values(&row).execute(db) {
                Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
                outcome => outcome.map(|inserted| inserted == 1),
            })
            .await
    }

    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        let (id, at) = (id.to_string(), At::from(at));
        let in_use = signing_keys::table.filter(signing_keys::id.eq(id)).filter(signing_keys::retired_at.is_null());
        self.0.changes_one(diesel::update(in_use).set(signing_keys::retired_at.eq(at))).await
    }

    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        let (id, at) = (id.to_string(), At::from(at));
        let trusted = signing_keys::table.filter(signing_keys::id.eq(id)).filter(signing_keys::revoked_at.is_null());
        self.0.changes_one(diesel::update(trusted).set(signing_keys::revoked_at.eq(at))).await
    }

    async fn reencrypt(&self, id: &KeyId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        let (from, to) = (from.clone(), to.clone());
        let as_it_was = signing_keys::sealed_with.eq(from.with).and(signing_keys::sealed_text.eq(from.text));
        let change = (signing_keys::sealed_with.eq(to.with), signing_keys::sealed_text.eq(to.text));
        let stored = signing_keys::table.find(id.to_string()).filter(as_it_was);
        self.0.changes_one(diesel::update(stored).set(change)).await
    }

    async fn forget(&self, id: &KeyId) -> Result<bool, PortError> {
        self.0.changes_one(diesel::delete(signing_keys::table.find(id.to_string()))).await
    }
}

impl From<&SigningKey> for KeyRow {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id.to_string(),
            number: key.number,
            algorithm: key.algorithm.name().to_owned(),
            public_jwk: key.public.clone(),
            sealed_with: key.private.with.clone(),
            sealed_text: key.private.text.clone(),
            created_at: At::from(key.created_at),
            signs_from: At::from(key.signs_from),
            retired_at: key.retired_at.map(At::from),
            revoked_at: key.revoked_at.map(At::from),
        }
    }
}

impl TryFrom<KeyRow> for SigningKey {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self, Error> {
        Ok(Self {
            id: KeyId::new(row.id),
            number: row.number,
            algorithm: parsed(&row.algorithm, "algorithm")?,
            public: row.public_jwk,
            private: Encrypted { with: row.sealed_with, text: row.sealed_text },
            created_at: row.created_at.utc(),
            signs_from: row.signs_from.utc(),
            retired_at: row.retired_at.map(|at| at.utc()),
            revoked_at: row.revoked_at.map(|at| at.utc()),
        })
    }
}
