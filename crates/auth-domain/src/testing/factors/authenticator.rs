//! An authenticator and a relying party that sign nothing: a key is as public as it is secret.

use uuid::Uuid;

use crate::{
    factors::passkey::{Credential, CredentialId},
    identity::{ids::UserId, user::User},
    passkeys::{
        assert::PasskeyAnswer,
        options::RequestOptions,
        ports::{Assertion, AuthenticationResponse, RegistrationResponse, RelyingParty, WebAuthnFault},
    },
    testkit::samples::id,
};

/// One that holds one passkey.
#[derive(Debug, Clone)]
pub(crate) struct Authenticator {
    pub(crate) user: UserId,
    pub(crate) id: Vec<u8>,
    /// Zero, if it does not count.
    pub(crate) counter: u32,
    pub(crate) backup_eligible: bool,
}

impl Authenticator {
    pub(crate) fn of(user: &User) -> Self {
        Self { user: user.id, id: id().as_bytes().to_vec(), counter: 1, backup_eligible: true }
    }

    pub(crate) fn registers(&self, challenge: &[u8; 32]) -> RegistrationResponse {
        RegistrationResponse {
            id: self.id.clone(),
            client_data: challenge.to_vec(),
            attestation_object: [&[u8::from(self.backup_eligible)], &self.counter.to_be_bytes()[..]].concat(),
            transports: vec!["internal".to_owned()],
        }
    }

    pub(crate) fn signs(&mut self, options: &RequestOptions) -> PasskeyAnswer {
        self.counter += u32::from(self.counter > 0);
        let response = AuthenticationResponse {
            id: self.id.clone(),
            client_data: options.challenge.to_vec(),
            authenticator_data: self.counter.to_be_bytes().to_vec(),
            signature: self.id.clone(),
            user_handle: Some(self.user.0.as_bytes().to_vec()),
        };
        PasskeyAnswer { challenge_id: options.challenge_id.clone(), response }
    }
}

/// Takes the challenge for client data, and the id of a credential for its key and its signatures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainRelyingParty;

impl RelyingParty for PlainRelyingParty {
    fn id(&self) -> String {
        "auth.example".to_owned()
    }

    fn register(&self, challenge: &[u8; 32], response: &RegistrationResponse) -> Result<Credential, WebAuthnFault> {
        if response.client_data != challenge {
            return Err(WebAuthnFault::WrongChallenge);
        }
        let Some((backup_eligible, counter)) = response.attestation_object.split_first() else {
            return Err(WebAuthnFault::Attestation);
        };
        Ok(Credential {
            id: CredentialId::new(response.id.clone()).map_err(|_none| WebAuthnFault::CredentialId)?,
            public_key: response.id.clone(),
            counter: read(counter)?,
            backup_eligible: *backup_eligible == 1,
            backed_up: false,
            aaguid: Uuid::nil(),
            transports: response.transports.clone(),
        })
    }

    fn authenticate(
        &self,
        challenge: &[u8; 32],
        response: &AuthenticationResponse,
        credential: &Credential,
    ) -> Result<Assertion, WebAuthnFault> {
        if response.client_data != challenge {
            return Err(WebAuthnFault::WrongChallenge);
        }
        if response.signature != credential.public_key {
            return Err(WebAuthnFault::Signature);
        }
        let counter = read(&response.authenticator_data)?;
        let counts = counter != 0 || credential.counter != 0;
        if counts && counter <= credential.counter {
            return Err(WebAuthnFault::Counter);
        }
        Ok(Assertion { counter, backed_up: true })
    }
}

fn read(counter: &[u8]) -> Result<u32, WebAuthnFault> {
    counter.try_into().map(u32::from_be_bytes).map_err(|_other_length| WebAuthnFault::AuthenticatorData)
}
