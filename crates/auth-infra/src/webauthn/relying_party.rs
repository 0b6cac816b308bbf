//! The two ceremonies, step by step as WebAuthn Level 3 numbers them.

use auth_domain::{
    factors::passkey::{Credential, CredentialId},
    passkeys::ports::{Assertion, AuthenticationResponse, RegistrationResponse, RelyingParty, WebAuthnFault},
};
use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

use super::{
    authenticator_data::AuthenticatorData,
    cbor::{self, Item},
    client_data::ClientData,
    public_key::PublicKey,
};

/// A relying party that demands user presence and user verification, and asks for no attestation.
pub struct WebAuthn {
    id: String,
    origins: Vec<String>,
}

impl WebAuthn {
    /// `id` is the RP ID, a domain. Each of `origins` is compared as it is: `https://example.org`, `http://localhost:8080`,
    /// `android:apk-key-hash:…`.
    #[must_use]
    pub fn new(id: String, origins: Vec<String>) -> Self {
        Self { id, origins }
    }

    /// Section 7.1 steps 5 to 11, section 7.2 steps 8 to 14.
    fn verify_client_data(&self, bytes: &[u8], ceremony: &str, challenge: &[u8; 32]) -> Result<(), WebAuthnFault> {
        // 7.1 steps 5 and 6, 7.2 steps 8 and 9: UTF-8, JSON.
        let data = ClientData::read(bytes)?;
        // 7.1 step 7, 7.2 step 10: the type.
        data.verify_type(ceremony)?;
        // 7.1 step 8, 7.2 step 11: the challenge.
        data.verify_challenge(challenge)?;
        // 7.1 step 9, 7.2 step 12: the origin.
        data.verify_origin(&self.origins)?;
        // 7.1 step 10, 7.2 step 13: no page is framed by another origin,
        data.verify_not_framed()?;
        // 7.1 step 11, 7.2 step 14: so there is no other origin at the top.
        data.verify_no_top_origin()
    }

    /// Section 7.1 steps 14 to 17, section 7.2 steps 15 to 18.
    fn verify_authenticator_data(&self, data: &AuthenticatorData<'_>) -> Result<(), WebAuthnFault> {
        // 7.1 step 14, 7.2 step 15: the hash of the RP ID.
        if data.relying_party != digest(&SHA256, self.id.as_bytes()).as_ref() {
            return Err(WebAuthnFault::WrongRelyingParty);
        }
        // 7.1 step 15, 7.2 step 16: UP. (No creation is conditional.)
        if !data.is_present() {
            return Err(WebAuthnFault::NotPresent);
        }
        // 7.1 step 16, 7.2 step 17: UV, which this server always demands.
        if !data.is_verified() {
            return Err(WebAuthnFault::NotVerified);
        }
        // 7.1 step 17, 7.2 step 18: BS needs BE.
        if data.is_backed_up() && !data.is_backup_eligible() {
            return Err(WebAuthnFault::BackupState);
        }
        Ok(())
    }
}

impl RelyingParty for WebAuthn {
    fn id(&self) -> String {
        self.id.clone()
    }

    /// WebAuthn Level 3 section 7.1. Steps 1 to 4 are the client's, and of what makes its options; of the extensions' results, which
    /// the client has besides, nothing is asked.
    fn register(&self, challenge: &[u8; 32], response: &RegistrationResponse) -> Result<Credential, WebAuthnFault> {
        // Steps 5 to 11.
        self.verify_client_data(&response.client_data, "webauthn.create", challenge)?;
        // Step 12 makes a hash for the attestation statement alone (steps 21 to 24).
        // Step 13: CBOR.
        let attestation = cbor::whole(&response.attestation_object).map_err(|_fault| WebAuthnFault::Cbor)?;
        let data = authenticator_data(&attestation)?;
        let data = AuthenticatorData::read(data)?;
        // Steps 14 to 17.
        self.verify_authenticator_data(&data)?;
        // Steps 18 and 19: any backup state is welcome. It is kept, since section 7.2 compares it.
        // Step 20: the algorithm is one of those asked for. A key that is none is refused here, not at the first login.
        let attested = data.attested.as_ref().ok_or(WebAuthnFault::AuthenticatorData)?;
        PublicKey::read(attested.public_key)?;
        // Steps 21 to 24: `authenticator_data` above says why no statement is verified.
        // Step 25: the length of the id; and it is the one that the browser calls the credential by.
        let id = CredentialId::new(attested.id.to_vec()).map_err(|_length| WebAuthnFault::CredentialId)?;
        if id.as_bytes() != response.id {
            return Err(WebAuthnFault::CredentialId);
        }
        // Step 26, that nobody has registered the id: the caller's, in the transaction of step 29.
        // Step 27: the credential record.
        Ok(Credential {
            id,
            public_key: attested.public_key.to_vec(),
            counter: data.counter,
            backup_eligible: data.is_backup_eligible(),
            backed_up: data.is_backed_up(),
            aaguid: Uuid::from_bytes(attested.aaguid),
            transports: response.transports.clone(),
        })
        // Step 28: no extension is asked for, so what came unasked is well-formed and means nothing.
        // Step 29, storing the record: the caller's.
    }

    /// WebAuthn Level 3 section 7.2. Steps 1 to 4 are the client's, and of what makes its options. Step 5 is void, since no
    /// credentials are named. Step 6, finding the credential and comparing the user handle, is the caller's.
    fn authenticate(
        &self,
        challenge: &[u8; 32],
        response: &AuthenticationResponse,
        credential: &Credential,
    ) -> Result<Assertion, WebAuthnFault> {
        // Step 6, again: a mistake of the caller's must not let one credential answer for another.
        if response.id != credential.id.as_bytes() {
            return Err(WebAuthnFault::CredentialId);
        }
        // Step 7: the three parts are `client_data`, `authenticator_data` and `signature`.
        // Steps 8 to 14.
        self.verify_client_data(&response.client_data, "webauthn.get", challenge)?;
        let data = AuthenticatorData::read(&response.authenticator_data)?;
        // Section 6.1: in an assertion, AT must not be set.
        if data.attested.is_some() {
            return Err(WebAuthnFault::AuthenticatorData);
        }
        // Steps 15 to 18.
        self.verify_authenticator_data(&data)?;
        // Step 19: BE never changes. BS may: the caller keeps it.
        if data.is_backup_eligible() != credential.backup_eligible {
            return Err(WebAuthnFault::BackupState);
        }
        // Steps 20 and 21: the signature, over the authenticator data and the hash of the client data.
        let hash = digest(&SHA256, &response.client_data);
        let signed = [&response.authenticator_data, hash.as_ref()].concat();
        PublicKey::read(&credential.public_key)?.verify(&signed, &response.signature)?;
        // Step 22: the counter grows, unless the authenticator does not count.
        if (data.counter != 0 || credential.counter != 0) && data.counter <= credential.counter {
            return Err(WebAuthnFault::Counter);
        }
        // Step 23: no extension is asked for.
        // Steps 24 and 25, keeping the counter and the backup state, and going on: the caller's.
        Ok(Assertion { counter: data.counter, backed_up: data.is_backed_up() })
    }
}

/// What an attestation object attests (section 6.5.4).
///
/// The statement is not verified. Options ask for `none`, so no model of an authenticator is preferred, nothing is trusted that it
/// could prove, and browsers take it out as a rule. Some leave it in, such as those that let an administrator demand it, and some
/// authenticators attest themselves unasked: refusing them would lock users out and protect nobody, since whoever lies about a format
/// can say `none` as well. But that is the format's name for an empty statement (section 8.7), and it is held to that.
fn authenticator_data<'a>(attestation: &Item<'a>) -> Result<&'a [u8], WebAuthnFault> {
    let format = attestation.named("fmt").and_then(Item::text).ok_or(WebAuthnFault::Attestation)?;
    let statement = attestation.named("attStmt").and_then(Item::map).ok_or(WebAuthnFault::Attestation)?;
    if format == "none" && !statement.is_empty() {
        return Err(WebAuthnFault::Attestation);
    }
    attestation.named("authData").and_then(Item::bytes).ok_or(WebAuthnFault::Attestation)
}
