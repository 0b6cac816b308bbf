//! Proofs of mailboxes, and the registrations that wait for one.

use async_trait::async_trait;
use auth_domain::{
    identity::{email::Email, ids::UserId, language::Language, password_hash::PasswordHash, port_error::PortError},
    mail::{
        message::Outgoing,
        ports::{ProofStore, Registration, Requested},
        proof::{CODE_TRIES, Proof, ProofId, Purpose},
    },
};
use chrono::{DateTime, Utc};
use diesel::{prelude::*, result::Error};

use super::{find_proof, open_until, request, rows::ProofRow};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        rows::address,
        tables::{mail_allowances, mailbox_proofs, pending_registrations},
        timestamp::At,
    },
    stores::prune::forget_oldest,
};

/// Stores proofs.
#[derive(Clone)]
pub struct DieselProofs(pub Database);

#[async_trait]
impl ProofStore for DieselProofs {
    async fn request<'a>(&self, mail: &Outgoing, registration: Option<&'a Registration>) -> Result<Requested, PortError> {
        let (mail, registration) = (mail.clone(), registration.cloned());
        self.0
            .transaction(move |db| {
                let requested = request(db, &mail)?;
                let proof = mail.proof.as_ref().filter(|_| requested == Requested::Queued);
                match (proof, &registration) {
                    (Some(proof), Some(registration)) => keep(db, registration, At::from(proof.expires_at))?,
                    (Some(proof), None) if proof.purpose == Purpose::Verify => {
                        keep_for_longer(db, &mail.to, At::from(proof.expires_at))?;
                    }
                    (Some(_), None) | (None, _) => {}
                }
                Ok(requested)
            })
            .await
    }

    async fn find(&self, id: ProofId) -> Result<Option<Proof>, PortError> {
        let id = id.to_string();
        self.0.read(move |db| find_proof(db, &id)).await
    }

    async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Proof>, PortError> {
        let (user, now) = (user.to_string(), At::from(now));
        self.0
            .read(move |db| {
                let its_own = mailbox_proofs::table.filter(mailbox_proofs::user_id.eq(&user)).filter(open_until(now));
                let rows: Vec<ProofRow> = its_own.select(ProofRow::as_select()).load(db)?;
                let mut proofs = rows.into_iter().map(Proof::try_from).collect::<QueryResult<Vec<_>>>()?;
                proofs.sort_by_key(|proof| (proof.created_at, proof.id));
                Ok(proofs)
            })
            .await
    }

    async fn try_code(
        &self,
        purpose: Purpose,
        address: &Email,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, PortError> {
        let (spellings, user, now) = (address.every_spelling(), user.map(|user| user.to_string()), At::from(now));
        self.0
            .transaction(move |db| {
                let mut those = mailbox_proofs::table
                    .filter(mailbox_proofs::address.eq_any(&spellings))
                    .filter(mailbox_proofs::purpose.eq(purpose.name()))
                    .filter(open_until(now))
                    .select(mailbox_proofs::id)
                    .into_boxed();
                if let Some(user) = &user {
                    those = those.filter(mailbox_proofs::user_id.eq(user));
                }
                let newest = those.order((mailbox_proofs::created_at.desc(), mailbox_proofs::id.desc())).limit(1);
                let Some(id) = newest.get_result::<String>(db).optional()? else { return Ok(None) };
                let untried =
                    mailbox_proofs::table.find(&id).filter(open_until(now)).filter(mailbox_proofs::tries.lt(CODE_TRIES));
                if diesel::update(untried).set(mailbox_proofs::tries.eq(mailbox_proofs::tries + 1)).execute(db)? == 0 {
                    return Ok(None);
                }
                find_proof(db, &id)
            })
            .await
    }

    async fn take_back_try(&self, id: ProofId) -> Result<(), PortError> {
        let id = id.to_string();
        self.0
            .write(move |db| {
                let tried = mailbox_proofs::table.find(&id).filter(mailbox_proofs::tries.gt(0));
                diesel::update(tried).set(mailbox_proofs::tries.eq(mailbox_proofs::tries - 1)).execute(db).map(|_one_or_none| ())
            })
            .await
    }

    async fn registration(&self, address: &Email) -> Result<Option<Registration>, PortError> {
        let address = address.to_string();
        let row = self.0.read(move |db| {
            let row = pending_registrations::table.find(&address).select(RegistrationRow::as_select()).get_result(db);
            row.optional()?.map(Registration::try_from).transpose()
        });
        row.await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let (cutoff, limit) = (At::from(cutoff), i64::from(limit));
        let proofs = self.0.write(move |db| forget_oldest!(db, mailbox_proofs.expires_at, cutoff, limit)).await?;
        let registrations = self.0.write(move |db| forget_oldest!(db, pending_registrations.expires_at, cutoff, limit)).await?;
        Ok(proofs + registrations + self.0.write(move |db| forget_oldest!(db, mail_allowances.sent_1, cutoff, limit)).await?)
    }
}

/// Stores a registration in the place of an older one. The transaction has locked the allowance of its address, so nobody else
/// inserts one at the same time.
fn keep(db: &mut AnyConnection, registration: &Registration, until: At) -> QueryResult<()> {
    let row = RegistrationRow::from(registration);
    let former = pending_registrations::table.find(&row.address);
    let expiry = pending_registrations::expires_at.eq(until);
    if diesel::update(former).set((&row, expiry)).execute(db)? == 0 {
        diesel::insert_into(pending_registrations::table).values((row, expiry)).execute(db)?;
    }
    Ok(())
}

/// Keeps the registration of an address as long as its newest proof. Whether there is one makes no difference.
fn keep_for_longer(db: &mut AnyConnection, address: &Email, until: At) -> QueryResult<()> {
    let waiting = pending_registrations::table.find(address.as_str());
    diesel::update(waiting).set(pending_registrations::expires_at.eq(until)).execute(db).map(|_one_or_none| ())
}

#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = pending_registrations, treat_none_as_null = true)]
struct RegistrationRow {
    address: String,
    password_hash: String,
    language: Option<String>,
    created_at: At,
}

impl From<&Registration> for RegistrationRow {
    fn from(registration: &Registration) -> Self {
        Self {
            address: registration.address.to_string(),
            password_hash: registration.password.expose().to_owned(),
            language: registration.language.map(|language| language.to_string()),
            created_at: At::from(registration.created_at),
        }
    }
}

impl TryFrom<RegistrationRow> for Registration {
    type Error = Error;

    fn try_from(row: RegistrationRow) -> Result<Self, Error> {
        Ok(Self {
            address: address(&row.address)?,
            password: PasswordHash::new(row.password_hash),
            // A later release may know more languages.
            language: row.language.as_deref().and_then(Language::of_range),
            created_at: row.created_at.utc(),
        })
    }
}
