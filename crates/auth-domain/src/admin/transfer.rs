//! Accounts on their way from one server to another.

use chrono::{DateTime, SubsecRound, Utc};

use crate::{
    factors::{
        passkey::{PASSKEY_LIMIT, Passkey},
        recovery_code::RecoveryCodeDigest,
        totp::{TOTP_LIMIT, TotpFactor},
    },
    identity::{
        document::Document,
        email::Email,
        ids::UserId,
        language::Language,
        method::SecondFactors,
        password_hash::PasswordHash,
        role::Roles,
        user::{AccountState, User},
    },
};

/// How many accounts are written or read at once: enough that a transaction's cost is shared, few enough to be held in memory.
pub const TRANSFER_BATCH: u32 = 200;

/// The same, for lists in memory.
#[must_use]
pub fn batch_size() -> usize {
    usize::try_from(TRANSFER_BATCH).unwrap_or(usize::MAX)
}

/// An account with all that belongs to it, but for its sessions and what is under way: no proof, no pending address, no factor that
/// waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    pub user: User,
    /// Oldest first.
    pub totp: Vec<TotpFactor>,
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
    /// Those that were not used, in order.
    pub recovery_codes: Vec<RecoveryCodeDigest>,
    /// When they were made, all at once.
    pub recovery_codes_made_at: Option<DateTime<Utc>>,
}

/// An account as another server or system holds it, where its parts are what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The one it had, where it can keep it.
    pub id: Option<UserId>,
    pub email: Email,
    pub password: Option<PasswordHash>,
    pub activity: Activity,
    pub verification: Verification,
    /// The time of the import where it is not known.
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub language: Option<Language>,
    pub roles: Roles,
    pub profile: Document,
    pub attributes: Document,
    /// An account with factors keeps its id: passkeys name it.
    pub totp: Vec<TotpFactor>,
    pub passkeys: Vec<Passkey>,
    pub recovery_codes: Vec<RecoveryCodeDigest>,
    /// The time of the import where it is not known.
    pub recovery_codes_made_at: Option<DateTime<Utc>>,
}

/// Whether an account may log in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Active,
    /// Since when, where that is known.
    Disabled(Option<DateTime<Utc>>),
    /// It says neither yes nor no. The account is imported as disabled.
    Unknown,
}

/// Whether its address was proven there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    No,
    /// Since when, where that is known.
    Yes(Option<DateTime<Utc>>),
}

/// Something is not so, and yet there is a time since when it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction;

impl Activity {
    /// Whether it is disabled, and since when: a time alone says both.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn of(disabled: Option<bool>, since: Option<DateTime<Utc>>) -> Result<Self, Contradiction> {
        Ok(if is_so(disabled, since)? { Self::Disabled(since) } else { Self::Active })
    }
}

impl Verification {
    /// Whether it is verified, and since when: a time alone says both.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn of(verified: Option<bool>, since: Option<DateTime<Utc>>) -> Result<Self, Contradiction> {
        Ok(if is_so(verified, since)? { Self::Yes(since) } else { Self::No })
    }
}

fn is_so(said: Option<bool>, since: Option<DateTime<Utc>>) -> Result<bool, Contradiction> {
    match (said, since) {
        (Some(false), Some(_)) => Err(Contradiction),
        (said, since) => Ok(said.unwrap_or(since.is_some())),
    }
}

impl Arrival {
    /// One with nothing but an address.
    #[must_use]
    pub fn of(email: Email) -> Self {
        Self {
            id: None,
            email,
            password: None,
            activity: Activity::Active,
            verification: Verification::No,
            created_at: None,
            updated_at: None,
            last_login_at: None,
            language: None,
            roles: Roles::default(),
            profile: Document::default(),
            attributes: Document::default(),
            totp: Vec::new(),
            passkeys: Vec::new(),
            recovery_codes: Vec::new(),
            recovery_codes_made_at: None,
        }
    }

    /// Every time that would be stored of it.
    pub(super) fn times(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let apps = self.totp.iter().flat_map(|app| [Some(app.created_at), app.confirmed_at, app.last_used_at]);
        let passkeys = self.passkeys.iter().flat_map(|passkey| [Some(passkey.created_at), passkey.last_used_at]);
        let dated = [self.created_at, self.updated_at, self.last_login_at, self.recovery_codes_made_at];
        let own = dated.into_iter().chain([self.disabled_at(), self.verified_at()]);
        own.chain(apps).chain(passkeys).flatten()
    }

    /// Whether an account of this server could have come to have these factors.
    pub(super) fn has_sound_factors(&self) -> bool {
        let is_without = self.totp.is_empty() && self.passkeys.is_empty();
        if is_without {
            return self.recovery_codes.is_empty();
        }
        // A passkey names its account: under another id it would lead nowhere.
        self.id.is_some()
            && self.totp.iter().all(|app| app.confirmed_at.is_some())
            && self.totp.len() <= TOTP_LIMIT
            && self.passkeys.len() <= PASSKEY_LIMIT
    }

    fn disabled_at(&self) -> Option<DateTime<Utc>> {
        match self.activity {
            Activity::Disabled(since) => since,
            Activity::Active | Activity::Unknown => None,
        }
    }

    fn verified_at(&self) -> Option<DateTime<Utc>> {
        match self.verification {
            Verification::Yes(since) => since,
            Verification::No => None,
        }
    }

    /// The account that it becomes. What is not known of it began now, or when it was created.
    pub(super) fn into_record(self, id: UserId, now: DateTime<Utc>) -> AccountRecord {
        let (disabled_at, verified_at) = (self.disabled_at(), self.verified_at());
        let user = User {
            state: match self.activity {
                Activity::Active => AccountState::Active,
                Activity::Disabled(_) | Activity::Unknown => AccountState::Disabled { since: kept(disabled_at.unwrap_or(now)) },
            },
            created_at: kept(self.created_at.unwrap_or(now)),
            updated_at: kept(self.updated_at.unwrap_or(now)),
            last_login_at: self.last_login_at.map(kept),
            email_verified_at: match self.verification {
                Verification::No => None,
                Verification::Yes(_) => Some(kept(verified_at.unwrap_or(now))),
            },
            language: self.language,
            second_factors: SecondFactors::of(!self.totp.is_empty(), !self.passkeys.is_empty(), !self.recovery_codes.is_empty()),
            roles: self.roles,
            profile: self.profile,
            attributes: self.attributes,
            ..User::new(id, self.email, self.password, now)
        };
        let mut totp: Vec<_> = self.totp.into_iter().map(|app| kept_app(app, id)).collect();
        totp.sort_by_key(|app| (app.created_at, app.id));
        let mut passkeys: Vec<_> = self.passkeys.into_iter().map(|passkey| kept_passkey(passkey, id)).collect();
        passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        let mut recovery_codes = self.recovery_codes;
        recovery_codes.sort_unstable();
        recovery_codes.dedup();
        let made_at = kept(self.recovery_codes_made_at.unwrap_or(now));
        let recovery_codes_made_at = (!recovery_codes.is_empty()).then_some(made_at);
        AccountRecord { user, totp, passkeys, recovery_codes, recovery_codes_made_at }
    }
}

/// As every database keeps a time.
fn kept(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}

fn kept_app(app: TotpFactor, user: UserId) -> TotpFactor {
    TotpFactor {
        user,
        created_at: kept(app.created_at),
        confirmed_at: app.confirmed_at.map(kept),
        last_used_at: app.last_used_at.map(kept),
        ..app
    }
}

fn kept_passkey(mut passkey: Passkey, user: UserId) -> Passkey {
    passkey.credential.transports = passkey.credential.kept_transports();
    Passkey { user, created_at: kept(passkey.created_at), last_used_at: passkey.last_used_at.map(kept), ..passkey }
}
