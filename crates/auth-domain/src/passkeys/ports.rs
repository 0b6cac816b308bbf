//! What judges the ceremonies of WebAuthn, and where passkeys live.

use async_trait::async_trait;

use crate::{
    factors::passkey::{Credential, CredentialId, Passkey},
    identity::{ids::UserId, port_error::PortError, user::User},
    mail::message::Outgoing,
};

/// What a browser answers to `navigator.credentials.create` (WebAuthn Level 3 section 5.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationResponse {
    /// `rawId`.
    pub id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    pub attestation_object: Vec<u8>,
    /// `getTransports()`.
    pub transports: Vec<String>,
}

/// What a browser answers to `navigator.credentials.get` (WebAuthn Level 3 section 5.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationResponse {
    /// `rawId`.
    pub id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
}

/// What an authentication has shown of a credential's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion {
    pub counter: u32,
    pub backed_up: bool,
}

/// What is wrong with an answer. Clients are never told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebAuthnFault {
    #[error("the client data is not that of a ceremony")]
    ClientData,
    #[error("the client data is of the other ceremony")]
    WrongType,
    #[error("the client data has another challenge")]
    WrongChallenge,
    #[error("the origin is not one of this server's")]
    WrongOrigin,
    #[error("the page was framed by another origin")]
    CrossOrigin,
    #[error("not canonical CBOR")]
    Cbor,
    #[error("the authenticator data is not whole, or more than that")]
    AuthenticatorData,
    #[error("the authenticator signed for another relying party")]
    WrongRelyingParty,
    #[error("nobody was present")]
    NotPresent,
    #[error("the authenticator did not verify its user")]
    NotVerified,
    #[error("the backup state contradicts itself, or what was registered")]
    BackupState,
    #[error("the attestation object is not one, or not of the format that was asked for")]
    Attestation,
    #[error("the id of the credential is not the one that was signed")]
    CredentialId,
    #[error("the public key is of no kind that was asked for")]
    UnsupportedKey,
    #[error("the signature is wrong")]
    Signature,
    /// Two copies of the key may be about.
    #[error("the counter did not grow")]
    Counter,
}

/// Judges ceremonies by the rules of WebAuthn. No clock, storage or randomness inside.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait RelyingParty: Send + Sync {
    /// The RP ID.
    fn id(&self) -> String;

    /// The credential that a browser has made for a challenge (section 7.1).
    ///
    /// # Errors
    /// [`WebAuthnFault`].
    fn register(&self, challenge: &[u8; 32], response: &RegistrationResponse) -> Result<Credential, WebAuthnFault>;

    /// What a browser has shown of a credential for a challenge (section 7.2). The caller has found the credential by its id, and
    /// compared the user handle.
    ///
    /// # Errors
    /// [`WebAuthnFault`].
    fn authenticate(
        &self,
        challenge: &[u8; 32],
        response: &AuthenticationResponse,
        credential: &Credential,
    ) -> Result<Assertion, WebAuthnFault>;
}

/// Finds passkeys. They are added and removed [as all factors](crate::mfa::ports::FactorStore) are.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait PasskeyStore: Send + Sync {
    /// The passkey with a credential, and its account, in one statement.
    async fn find(&self, credential: &CredentialId) -> Result<Option<(Passkey, User)>, PortError>;

    /// The credentials of an account, so that no authenticator gets a second one.
    async fn of(&self, user: UserId) -> Result<Vec<Credential>, PortError>;

    /// Stores the notice that two copies of a passkey may be about, unless the account is gone.
    async fn report_clone(&self, notice: &Outgoing) -> Result<(), PortError>;
}
