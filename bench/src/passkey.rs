//! A passkey that all seeded accounts share, each by a credential of its own, and what a browser answers with it.

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{engine::Scratch, tokens};

pub(crate) const RP_ID: &str = "localhost";
pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// User present and verified.
const FLAGS: u8 = 0x05;

/// ES256. It does not count its signatures, as most passkeys do not.
pub(crate) struct Passkey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Passkey {
    pub(crate) fn new() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_reason| anyhow!("no key"))?;
        Ok(Self { pair, random: SystemRandom::new() })
    }

    /// Gives it to accounts, as if each had added it.
    pub(crate) fn add(&self, scratch: &Scratch, accounts: u64) -> Result<()> {
        let key = URL_SAFE_NO_PAD.encode(self.cose_key()?);
        scratch.execute("DELETE FROM passkeys")?;
        for number in 0..accounts {
            let (user, credential) = (tokens::user(number), URL_SAFE_NO_PAD.encode(credential(number)));
            scratch.execute(&format!(
                "INSERT INTO passkeys (id, user_id, name, credential_id, public_key, counter, backup_eligible, backed_up, aaguid, transports, created_at) \
                 SELECT '{}', id, 'Passkey', '{credential}', '{key}', 0, FALSE, FALSE, '00000000-0000-0000-0000-000000000000', '', created_at \
                 FROM users WHERE id = '{user}'",
                tokens::session(number),
            ))?;
        }
        scratch.execute("UPDATE users SET second_factors = 'passkey' WHERE id IN (SELECT user_id FROM passkeys)")
    }

    /// The body of a login, for the options that the server gave.
    pub(crate) fn answer(&self, number: u64, options: &str) -> Result<String> {
        let options: Value = serde_json::from_str(options)?;
        let text = |pointer: &str| options.pointer(pointer).and_then(Value::as_str).context("no options");
        let (id, challenge) = (text("/challenge_id")?, text("/publicKey/challenge")?);
        let client_data = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#);
        let data = authenticator_data();
        let signature = self.sign(&[&data, digest(&SHA256, client_data.as_bytes()).as_ref()].concat())?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let handle = tokens::user(number).replace('-', "");
        let handle: Vec<u8> = (0..16).filter_map(|at| u8::from_str_radix(handle.get(2 * at..2 * at + 2)?, 16).ok()).collect();
        Ok(serde_json::json!({
            "challenge_id": id,
            "credential": {
                "id": encode(&credential(number)), "rawId": encode(&credential(number)), "type": "public-key",
                "response": {
                    "clientDataJSON": encode(client_data.as_bytes()), "authenticatorData": encode(&data),
                    "signature": encode(&signature), "userHandle": encode(&handle),
                },
            },
        })
        .to_string())
    }

    /// Verifies the same signature until it is told to stop: what no server can be faster than.
    pub(crate) fn verifier(&self) -> Result<impl Fn() -> Result<()> + Sync + use<>> {
        let message = [authenticator_data(), vec![7; 32]].concat();
        let signature = self.sign(&message)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.pair.public_key().as_ref().to_vec());
        Ok(move || key.verify(&message, &signature).map_err(|_reason| anyhow!("a signature that is none")))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.pair.sign(&self.random, message).map_err(|_reason| anyhow!("no signature"))?;
        Ok(signature.as_ref().to_vec())
    }

    /// A map of five entries: EC2, ES256, P-256, and the coordinates.
    fn cose_key(&self) -> Result<Vec<u8>> {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..33).zip(point.get(33..)).context("no point")?;
        Ok([&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat())
    }
}

fn authenticator_data() -> Vec<u8> {
    [digest(&SHA256, RP_ID.as_bytes()).as_ref(), &[FLAGS], &[0; 4]].concat()
}

fn credential(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}
