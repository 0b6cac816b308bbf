//! The ports of second factors and passkeys, on a fuse.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Flaky;
use crate::{
    factors::{
        factor::{FactorId, FactorName},
        one_time_token::OneTimeToken,
        passkey::{Credential, CredentialId, Passkey},
        ports::{CountedCode, RecoveryCodeMaker, SecondStepStore, TotpCodec},
        recovery_code::{RecoveryCodeDigest, RecoveryCodes},
        totp::{NewTotpSecret, TimeStep, TotpFactor},
    },
    identity::{
        administrator::LastAdministrator,
        email::Email,
        encrypted::Encrypted,
        ids::UserId,
        port_error::PortError,
        user::{AccountVersion, User, WrongCodes},
    },
    mail::message::Outgoing,
    mfa::ports::{Added, Addition, FactorList, FactorStore, FactorsReset, Removed, Started, StoredSecret},
    passkeys::ports::PasskeyStore,
};

#[async_trait]
impl<P: SecondStepStore> SecondStepStore for Flaky<P> {
    async fn find(&self, user: UserId) -> Result<Option<(User, Vec<TotpFactor>)>, PortError> {
        self.fuse.guard(self.port.find(user)).await
    }

    async fn count_wrong<'a>(
        &self,
        user: UserId,
        from: Option<WrongCodes>,
        token: Option<&'a OneTimeToken>,
        now: DateTime<Utc>,
    ) -> Result<CountedCode, PortError> {
        self.fuse.guard(self.port.count_wrong(user, from, token, now)).await
    }

    async fn use_up(&self, token: &OneTimeToken, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.use_up(token, now)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: FactorStore> FactorStore for Flaky<P> {
    async fn list(&self, user: UserId) -> Result<FactorList, PortError> {
        self.fuse.guard(self.port.list(user)).await
    }

    async fn start_totp(&self, factor: &TotpFactor, proven: AccountVersion) -> Result<Started, PortError> {
        self.fuse.guard(self.port.start_totp(factor, proven)).await
    }

    async fn pending_totp(&self, user: UserId, id: FactorId) -> Result<Option<TotpFactor>, PortError> {
        self.fuse.guard(self.port.pending_totp(user, id)).await
    }

    async fn confirm_totp<'a>(&self, id: FactorId, step: TimeStep, addition: &Addition<'a>) -> Result<Added, PortError> {
        self.fuse.guard(self.port.confirm_totp(id, step, addition)).await
    }

    async fn add_passkey<'a>(&self, passkey: &Passkey, addition: &Addition<'a>) -> Result<Added, PortError> {
        self.fuse.guard(self.port.add_passkey(passkey, addition)).await
    }

    async fn rename(&self, user: UserId, id: FactorId, name: &FactorName) -> Result<bool, PortError> {
        self.fuse.guard(self.port.rename(user, id, name)).await
    }

    async fn remove<'a>(
        &self,
        user: UserId,
        id: FactorId,
        keeps_one: bool,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Removed, PortError> {
        self.fuse.guard(self.port.remove(user, id, keeps_one, keep, now, notice)).await
    }

    async fn replace_recovery_codes<'a>(
        &self,
        user: UserId,
        proven: AccountVersion,
        codes: &[RecoveryCodeDigest],
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<bool, PortError> {
        self.fuse.guard(self.port.replace_recovery_codes(user, proven, codes, now, notice)).await
    }

    async fn reset<'a>(
        &self,
        user: UserId,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<FactorsReset, PortError> {
        self.fuse.guard(self.port.reset(user, keep, now, notice)).await
    }

    async fn secrets(&self, after: Option<FactorId>, limit: u32) -> Result<Vec<StoredSecret>, PortError> {
        self.fuse.guard(self.port.secrets(after, limit)).await
    }

    async fn reencrypt(&self, id: FactorId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        self.fuse.guard(self.port.reencrypt(id, from, to)).await
    }

    async fn encryption_keys(&self) -> Result<Vec<String>, PortError> {
        self.fuse.guard(self.port.encryption_keys()).await
    }

    async fn any(&self) -> Result<bool, PortError> {
        self.fuse.guard(self.port.any()).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: PasskeyStore> PasskeyStore for Flaky<P> {
    async fn find(&self, credential: &CredentialId) -> Result<Option<(Passkey, User)>, PortError> {
        self.fuse.guard(self.port.find(credential)).await
    }

    async fn of(&self, user: UserId) -> Result<Vec<Credential>, PortError> {
        self.fuse.guard(self.port.of(user)).await
    }

    async fn report_clone(&self, notice: &Outgoing) -> Result<(), PortError> {
        self.fuse.guard(self.port.report_clone(notice)).await
    }
}

impl<P: TotpCodec> TotpCodec for Flaky<P> {
    fn make(&self, factor: FactorId, account: &Email) -> Result<NewTotpSecret, PortError> {
        self.fuse.guard_at_once(|| self.port.make(factor, account))
    }

    fn step_of(
        &self,
        factor: FactorId,
        secret: &Encrypted,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeStep>, PortError> {
        self.fuse.guard_at_once(|| self.port.step_of(factor, secret, code, now))
    }

    fn reencrypt(&self, factor: FactorId, secret: &Encrypted) -> Result<Option<Encrypted>, PortError> {
        self.fuse.guard_at_once(|| self.port.reencrypt(factor, secret))
    }
}

impl<P: RecoveryCodeMaker> RecoveryCodeMaker for Flaky<P> {
    fn make(&self) -> Result<RecoveryCodes, PortError> {
        self.fuse.guard_at_once(|| self.port.make())
    }

    /// No outage can come of this: it asks nobody.
    fn digest(&self, typed: &str) -> Option<RecoveryCodeDigest> {
        self.port.digest(typed)
    }
}
