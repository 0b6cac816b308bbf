//! The keys that this server knows, ready to sign and to verify.

use std::{collections::HashMap, sync::Arc};

use auth_domain::{
    identity::{ids::KeyId, port_error::PortError},
    sessions::token::InvalidToken,
    signing_keys::{key::SigningKey, ring::KeyRing},
};
use chrono::{DateTime, Utc};

use super::{
    key_maker::bound_to,
    key_pair::{KeyPair, PairFault, PublicKey},
};
use crate::encryption::EncryptionKeys;

/// The parsed keys of the store. Never changed, only replaced.
#[derive(Default)]
pub(super) struct CachedKeys {
    /// The faults found in them.
    faults: Vec<PortError>,
    pub(super) ring: Arc<KeyRing>,
    public: HashMap<KeyId, Arc<PublicKey>>,
    private: HashMap<KeyId, Arc<KeyPair>>,
}

/// Which key a token belongs to, by its header.
pub(super) enum Whose<'a> {
    /// The token of a valid key.
    Key(&'a PublicKey),
    /// The token of a key that is not valid, or no longer.
    Refused,
    /// The token of no known key.
    Nobody,
}

impl CachedKeys {
    pub(super) fn is(&self, keys: &[SigningKey]) -> bool {
        self.ring.timelines().map(|timeline| &timeline.key).eq(keys)
    }

    /// Parses these keys. Decrypts private halves only of keys that may sign, and only once: their encryption key may be gone
    /// after they were re-encrypted with another.
    pub(super) fn next(&self, keys: Vec<SigningKey>, encryption: Option<&EncryptionKeys>, now: DateTime<Utc>) -> Self {
        let mut next = Self { ring: Arc::new(KeyRing::of(keys)), ..Self::default() };
        let mut faults = Vec::new();
        for timeline in next.ring.timelines() {
            let id = &timeline.key.id;
            match self.public_half(&timeline.key) {
                Ok(public) => drop(next.public.insert(id.clone(), public)),
                Err(fault) => faults.push(fault),
            }
            match encryption.filter(|_| timeline.is_in_use(now)).map(|encryption| self.private_half(&timeline.key, encryption)) {
                Some(Ok(private)) => drop(next.private.insert(id.clone(), private)),
                Some(Err(fault)) => faults.push(fault),
                None => {}
            }
        }
        next.faults = faults;
        next
    }

    /// The first fault, for as long as there is one.
    pub(super) fn verdict(&self) -> Result<(), PortError> {
        self.faults.first().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    fn public_half(&self, key: &SigningKey) -> Result<Arc<PublicKey>, PortError> {
        match self.public.get(&key.id) {
            Some(known) => Ok(known.clone()),
            None => Ok(Arc::new(PublicKey::new(key.id.clone(), key.algorithm, key.public.clone())?)),
        }
    }

    fn private_half(&self, key: &SigningKey, encryption: &EncryptionKeys) -> Result<Arc<KeyPair>, PortError> {
        if let Some(known) = self.private.get(&key.id) {
            return Ok(known.clone());
        }
        let pem = encryption.decrypt(&bound_to(&key.id, key.algorithm), &key.private)?;
        let unusable = |fault| PortError::Corrupt(format!("the private half of key {} {fault}", key.id));
        let pem = std::str::from_utf8(&pem).map_err(|_no_text| unusable(PairFault::NoPrivateKey))?;
        let pair = KeyPair::from_pem(pem).map_err(unusable)?;
        if *pair.public().id() == key.id { Ok(Arc::new(pair)) } else { Err(unusable(PairFault::NoPrivateKey)) }
    }

    /// The key that signs at a time; `None` while the shared secret does because the first key has yet to come. Where neither
    /// does, nobody signs: the secret never steps in for a key.
    pub(super) fn signer(&self, at: DateTime<Utc>) -> Result<Option<Arc<KeyPair>>, PortError> {
        let Some(signer) = self.ring.signer(at) else {
            let nobody = || PortError::Unavailable("no key signs access tokens at this moment".to_owned());
            return self.ring.first_to_come(at).map(|_first| None).ok_or_else(nobody);
        };
        match self.private.get(&signer.id) {
            Some(pair) => Ok(Some(pair.clone())),
            None => Err(PortError::Unavailable(format!("key {} is to sign and cannot be opened here", signer.id))),
        }
    }

    /// Compares the encoded header, so that no parser sees unauthenticated text.
    pub(super) fn whose(&self, token: &str, now: DateTime<Utc>) -> Whose<'_> {
        let header = token.split_once('.').map_or("", |(header, _)| header);
        let Some((id, public)) = self.public.iter().find(|(_, public)| public.writes(header)) else { return Whose::Nobody };
        if self.ring.find(id).is_some_and(|timeline| timeline.verifies(now)) { Whose::Key(public) } else { Whose::Refused }
    }
}

impl Whose<'_> {
    /// The payload of a valid key's token. For a token of no known key, `otherwise` decides.
    pub(super) fn verify(
        self,
        token: &str,
        otherwise: impl FnOnce() -> Result<Vec<u8>, InvalidToken>,
    ) -> Result<Vec<u8>, InvalidToken> {
        match self {
            Self::Key(key) => key.verify(token),
            Self::Refused => Err(InvalidToken::Invalid),
            Self::Nobody => otherwise(),
        }
    }
}
