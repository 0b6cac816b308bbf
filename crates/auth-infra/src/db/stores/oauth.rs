//! Resource servers in the database.

use async_trait::async_trait;
use auth_domain::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::{Client, FormerSecret, SecretHash},
        ports::ClientStore,
    },
};
use diesel::{prelude::*, result::Error};

use crate::db::{
    database::Database,
    schema::{
        rows::{parsed, parsed_if_any, text_of},
        tables::oauth_clients,
        timestamp::At,
    },
};

/// Stores clients.
#[derive(Clone)]
pub struct DieselClients(pub Database);

#[async_trait]
impl ClientStore for DieselClients {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError> {
        let id = id.to_string();
        self.0
            .read(move |db| {
                let row = oauth_clients::table.find(&id).select(ClientRow::as_select()).get_result(db).optional()?;
                row.map(Client::try_from).transpose()
            })
            .await
    }

    async fn insert(&self, client: &Client) -> Result<(), PortError> {
        let client = client.clone();
        self.0
            .write(move |db| {
                diesel::insert_into(oauth_clients::table).values(ClientRow::from(&client)).execute(db).map(|_one| ())
            })
            .await
    }

    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError> {
        // No id sorts before the empty text.
        let after = after.map_or_else(String::new, |id| id.to_string());
        self.0
            .read(move |db| {
                let behind = oauth_clients::table.filter(oauth_clients::id.gt(&after)).select(ClientRow::as_select());
                let rows: Vec<ClientRow> = behind.order(oauth_clients::id.asc()).limit(limit.into()).load(db)?;
                rows.into_iter().map(Client::try_from).collect()
            })
            .await
    }

    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError> {
        let next = ClientRow::from(next);
        let as_it_was = oauth_clients::secret.eq(from.expose().to_owned());
        let change = (
            oauth_clients::secret.eq(next.secret),
            oauth_clients::former_secret.eq(next.former_secret),
            oauth_clients::former_until.eq(next.former_until),
            oauth_clients::rotated_at.eq(next.rotated_at),
        );
        self.0.changes_one(diesel::update(oauth_clients::table.find(next.id).filter(as_it_was)).set(change)).await
    }

    async fn set_scopes(&self, next: &Client, from: i64) -> Result<bool, PortError> {
        let next = ClientRow::from(next);
        let as_it_was = oauth_clients::scopes_version.eq(from);
        let change = (oauth_clients::scopes.eq(next.scopes), oauth_clients::scopes_version.eq(next.scopes_version));
        self.0.changes_one(diesel::update(oauth_clients::table.find(next.id).filter(as_it_was)).set(change)).await
    }

    async fn remove(&self, id: ClientId) -> Result<bool, PortError> {
        self.0.changes_one(diesel::delete(oauth_clients::table.find(id.to_string()))).await
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_clients)]
struct ClientRow {
    id: String,
    name: String,
    secret: String,
    former_secret: Option<String>,
    former_until: Option<At>,
    created_at: At,
    rotated_at: Option<At>,
    scopes: Option<String>,
    scopes_version: i64,
}

impl From<&Client> for ClientRow {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name.to_string(),
            secret: client.secret.expose().to_owned(),
            former_secret: client.former.as_ref().map(|former| former.hash.expose().to_owned()),
            former_until: client.former.as_ref().map(|former| At::from(former.good_until)),
            created_at: At::from(client.created_at),
            rotated_at: client.rotated_at.map(At::from),
            scopes: text_of(&client.scopes, client.scopes.is_empty()),
            scopes_version: client.scopes_version,
        }
    }
}

impl TryFrom<ClientRow> for Client {
    type Error = Error;

    fn try_from(row: ClientRow) -> Result<Self, Error> {
        let former = match (row.former_secret, row.former_until) {
            (Some(hash), Some(until)) => Some(FormerSecret { hash: SecretHash::new(hash), good_until: until.utc() }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Error::DeserializationError("a row holds an incomplete previous secret".into()));
            }
        };
        Ok(Self {
            id: parsed(&row.id, "client id")?,
            name: parsed(&row.name, "name of a client")?,
            secret: SecretHash::new(row.secret),
            former,
            created_at: row.created_at.utc(),
            rotated_at: row.rotated_at.map(|at| at.utc()),
            scopes: parsed_if_any(row.scopes.as_deref(), "list of scopes")?.unwrap_or_default(),
            scopes_version: row.scopes_version,
        })
    }
}
