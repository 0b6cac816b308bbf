//! An authenticator and its browser, for tests: what it says can be set at will.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an authenticator that cannot sign fails the test that asks for it"
)]

use auth_domain::passkeys::ports::{AuthenticationResponse, RegistrationResponse};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::cbor::Item;

/// The flags of authenticator data (WebAuthn Level 3 section 6.1).
pub const PRESENT: u8 = 0x01;
pub const VERIFIED: u8 = 0x04;
pub const BACKUP_ELIGIBLE: u8 = 0x08;
pub const BACKED_UP: u8 = 0x10;
pub const ATTESTED: u8 = 0x40;
pub const EXTENSIONS: u8 = 0x80;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl Algorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];
}

pub enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// One passkey, and where it is used.
pub struct VirtualAuthenticator {
    pub id: Vec<u8>,
    pub relying_party: String,
    pub origin: String,
    pub user_handle: Option<Vec<u8>>,
    pub aaguid: [u8; 16],
    /// What is said of the user and of backups. `ATTESTED` is added where it belongs.
    pub flags: u8,
    /// What the next answer says. Grows with each assertion, unless it is zero.
    pub counter: u32,
    pub key: Key,
}

impl VirtualAuthenticator {
    /// A new key, whose user is present and verified. It does not count, as most that are backed up do not.
    #[must_use]
    pub fn new(algorithm: Algorithm, relying_party: &str, origin: &str) -> Self {
        let key = match algorithm {
            Algorithm::Es256 => Key::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            Algorithm::EdDsa => Key::EdDsa(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Rs256 => Key::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        let mut id = vec![0; 16];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        let (relying_party, origin) = (relying_party.to_owned(), origin.to_owned());
        Self { id, relying_party, origin, user_handle: None, aaguid: [0; 16], flags: PRESENT | VERIFIED, counter: 0, key }
    }

    /// What `navigator.credentials.create` answers.
    #[must_use]
    pub fn register(&self, challenge: &[u8]) -> RegistrationResponse {
        let attested = self.attested_credential(&self.cose_key());
        let data = self.authenticator_data(ATTESTED, &attested);
        RegistrationResponse {
            id: self.id.clone(),
            client_data: self.client_data("webauthn.create", challenge),
            attestation_object: attestation_object("none", &Item::Map(Vec::new()), &data),
            transports: vec!["internal".to_owned()],
        }
    }

    /// What `navigator.credentials.get` answers.
    pub fn authenticate(&mut self, challenge: &[u8]) -> AuthenticationResponse {
        let data = self.authenticator_data(0, &[]);
        if self.counter != 0 {
            self.counter += 1;
        }
        self.assertion(self.client_data("webauthn.get", challenge), data)
    }

    /// An assertion that says what it is told to, rightly signed.
    #[must_use]
    pub fn assertion(&self, client_data: Vec<u8>, authenticator_data: Vec<u8>) -> AuthenticationResponse {
        let signature = self.sign(&[&authenticator_data, digest(&SHA256, &client_data).as_ref()].concat());
        let (id, user_handle) = (self.id.clone(), self.user_handle.clone());
        AuthenticationResponse { id, client_data, authenticator_data, signature, user_handle }
    }

    /// As browsers write it (WebAuthn Level 3 section 5.8.1.1).
    #[must_use]
    pub fn client_data(&self, ceremony: &str, challenge: &[u8]) -> Vec<u8> {
        let (challenge, origin) = (URL_SAFE_NO_PAD.encode(challenge), &self.origin);
        format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
    }

    /// Section 6.1, with `more` flags and what they announce.
    #[must_use]
    pub fn authenticator_data(&self, more: u8, rest: &[u8]) -> Vec<u8> {
        let party = digest(&SHA256, self.relying_party.as_bytes());
        [party.as_ref(), &[self.flags | more], &self.counter.to_be_bytes(), rest].concat()
    }

    /// Section 6.5.2.
    #[must_use]
    pub fn attested_credential(&self, cose_key: &[u8]) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap();
        [&self.aaguid, &length.to_be_bytes()[..], &self.id, cose_key].concat()
    }

    /// Section 5.8.5.
    #[must_use]
    pub fn cose_key(&self) -> Vec<u8> {
        let entries = |entries: &[(i128, Item<'_>)]| {
            Item::Map(entries.iter().map(|(label, value)| (Item::Integer(*label), value.clone())).collect()).encode()
        };
        let (integer, bytes) = (Item::Integer, Item::Bytes);
        match &self.key {
            Key::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref().split_at(1).1.split_at(32);
                entries(&[(1, integer(2)), (3, integer(-7)), (-1, integer(1)), (-2, bytes(x)), (-3, bytes(y))])
            }
            Key::EdDsa(pair) => {
                let x = pair.public_key().as_ref();
                entries(&[(1, integer(1)), (3, integer(-8)), (-1, integer(6)), (-2, bytes(x))])
            }
            Key::Rs256(pair) => {
                // An RSAPublicKey (RFC 8017 section A.1.1): the modulus has 256 bytes and the exponent three.
                let der = pair.public_key().as_ref();
                let (n, e) = (&der[9..265], &der[267..270]);
                entries(&[(1, integer(3)), (3, integer(-257)), (-1, bytes(n)), (-2, bytes(e))])
            }
        }
    }

    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Key::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// Section 6.5.4.
#[must_use]
pub fn attestation_object(format: &str, statement: &Item<'_>, authenticator_data: &[u8]) -> Vec<u8> {
    let entries = [("fmt", Item::Text(format)), ("attStmt", statement.clone()), ("authData", Item::Bytes(authenticator_data))];
    Item::Map(entries.map(|(name, value)| (Item::Text(name), value)).into()).encode()
}

/// `RegistrationResponseJSON`, as `PublicKeyCredential.toJSON` makes it (section 5.1).
#[must_use]
pub fn registration_json(response: &RegistrationResponse) -> Value {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({
        "id": text(&response.id), "rawId": text(&response.id), "type": "public-key", "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": text(&response.client_data), "attestationObject": text(&response.attestation_object),
            "transports": response.transports,
        },
    })
}

/// `AuthenticationResponseJSON`.
#[must_use]
pub fn authentication_json(response: &AuthenticationResponse) -> Value {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut inner = json!({
        "clientDataJSON": text(&response.client_data), "authenticatorData": text(&response.authenticator_data),
        "signature": text(&response.signature),
    });
    if let (Some(handle), Some(members)) = (&response.user_handle, inner.as_object_mut()) {
        members.insert("userHandle".to_owned(), text(handle).into());
    }
    json!({
        "id": text(&response.id), "rawId": text(&response.id), "type": "public-key", "authenticatorAttachment": "platform",
        "clientExtensionResults": {}, "response": inner,
    })
}

impl Item<'_> {
    /// What [`super::cbor::whole`] reads as this value, if its maps are in order.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Integer(number) if *number < 0 => head(1, (-1 - number).try_into().unwrap()),
            Self::Integer(number) => head(0, (*number).try_into().unwrap()),
            Self::Bytes(bytes) => [head(2, size(bytes.len())), bytes.to_vec()].concat(),
            Self::Text(text) => [head(3, size(text.len())), text.as_bytes().to_vec()].concat(),
            Self::Array(items) => items.iter().fold(head(4, size(items.len())), |text, item| [text, item.encode()].concat()),
            Self::Map(entries) => entries
                .iter()
                .fold(head(5, size(entries.len())), |text, (key, value)| [text, key.encode(), value.encode()].concat()),
            Self::Bool(false) => head(7, 20),
            Self::Bool(true) => head(7, 21),
            Self::Null => head(7, 22),
        }
    }
}

fn head(kind: u8, argument: u64) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    let short = |extra: u8| kind << 5 | extra;
    let (info, length) = match argument {
        0..24 => return vec![short(bytes[7])],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[short(info)], &bytes[8 - length..]].concat()
}

fn size(length: usize) -> u64 {
    length.try_into().unwrap()
}
