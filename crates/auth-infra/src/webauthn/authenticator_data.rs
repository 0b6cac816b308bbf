//! The authenticator data: what the authenticator says of itself, and signs (WebAuthn Level 3 section 6.1).

use auth_domain::passkeys::ports::WebAuthnFault;

use super::cbor;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

pub(super) struct AuthenticatorData<'a> {
    /// The SHA-256 of the RP ID.
    pub(super) relying_party: &'a [u8; 32],
    /// The two that are reserved may be set: later levels give them a meaning, as this one did.
    flags: u8,
    pub(super) counter: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
}

/// Section 6.5.2.
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: [u8; 16],
    pub(super) id: &'a [u8],
    /// A `COSE_Key`: canonical CBOR.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Nothing may be missing, and nothing left over.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, WebAuthnFault> {
        let (relying_party, rest) = chunk::<32>(bytes)?;
        let ([flags], rest) = chunk::<1>(rest)?;
        let (counter, mut rest) = chunk::<4>(rest)?;
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (credential, after) = AttestedCredential::read(rest)?;
            (attested, rest) = (Some(credential), after);
        }
        if flags & EXTENSIONS != 0 {
            let (extensions, after) = cbor::first(rest).map_err(|_fault| WebAuthnFault::Cbor)?;
            extensions.map().ok_or(WebAuthnFault::AuthenticatorData)?;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(WebAuthnFault::AuthenticatorData);
        }
        Ok(Self { relying_party, flags: *flags, counter: u32::from_be_bytes(*counter), attested })
    }

    pub(super) fn is_present(&self) -> bool {
        self.flags & PRESENT != 0
    }

    pub(super) fn is_verified(&self) -> bool {
        self.flags & VERIFIED != 0
    }

    pub(super) fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(super) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> AttestedCredential<'a> {
    fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WebAuthnFault> {
        let (aaguid, rest) = chunk::<16>(bytes)?;
        let (length, rest) = chunk::<2>(rest)?;
        let length = u16::from_be_bytes(*length).into();
        let (id, rest) = rest.split_at_checked(length).ok_or(WebAuthnFault::AuthenticatorData)?;
        let (_, after) = cbor::first(rest).map_err(|_fault| WebAuthnFault::Cbor)?;
        let public_key = rest.get(..rest.len() - after.len()).ok_or(WebAuthnFault::AuthenticatorData)?;
        Ok((Self { aaguid: *aaguid, id, public_key }, after))
    }
}

fn chunk<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), WebAuthnFault> {
    bytes.split_first_chunk().ok_or(WebAuthnFault::AuthenticatorData)
}
