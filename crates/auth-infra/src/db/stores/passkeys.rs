//! Finding passkeys.

use async_trait::async_trait;
use auth_domain::{
    factors::passkey::{Credential, CredentialId, Passkey},
    identity::{ids::UserId, port_error::PortError, user::User},
    mail::message::Outgoing,
    passkeys::ports::PasskeyStore,
};
use diesel::prelude::*;

use super::{
    accounts::lock,
    factors::rows::{PasskeyRow, as_text},
    mail::post,
};
use crate::db::{
    database::Database,
    schema::{
        rows::UserRow,
        tables::{passkeys, users},
    },
};

/// Finds passkeys.
#[derive(Clone)]
pub struct DieselPasskeys(pub Database);

#[async_trait]
impl PasskeyStore for DieselPasskeys {
    async fn find(&self, credential: &CredentialId) -> Result<Option<(Passkey, User)>, PortError> {
        let credential = as_text(credential);
        self.0
            .read(move |db| {
                let row = passkeys::table.inner_join(users::table).filter(passkeys::credential_id.eq(&credential));
                let row = row.select((PasskeyRow::as_select(), UserRow::as_select()));
                let Some((passkey, user)) = row.get_result::<(PasskeyRow, UserRow)>(db).optional()? else { return Ok(None) };
                Ok(Some((Passkey::try_from(passkey)?, User::try_from(user)?)))
            })
            .await
    }

    async fn of(&self, user: UserId) -> Result<Vec<Credential>, PortError> {
        let user = user.to_string();
        self.0
            .read(move |db| {
                let rows = passkeys::table.filter(passkeys::user_id.eq(&user)).order(passkeys::id.asc());
                let rows: Vec<PasskeyRow> = rows.select(PasskeyRow::as_select()).load(db)?;
                rows.into_iter().map(|row| Passkey::try_from(row).map(|passkey| passkey.credential)).collect()
            })
            .await
    }

    async fn report_clone(&self, notice: &Outgoing) -> Result<(), PortError> {
        let notice = notice.clone();
        let user = notice.proof.as_ref().and_then(|link| link.user).map(|user| user.to_string());
        self.0
            .transaction(move |db| {
                // The undo link refers to the account's row.
                let is_there = user.as_ref().map_or(Ok(true), |user| lock(db, user))?;
                if is_there { post(db, &notice) } else { Ok(()) }
            })
            .await
    }
}
