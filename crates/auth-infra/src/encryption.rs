//! Private halves at rest: encrypted with keys that are not in the database (AES-256-GCM).

use std::{fmt, str::FromStr};

use auth_domain::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::key::KeyAlgorithm,
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

/// The longest name of an encryption key.
const NAME_MAX_CHARS: usize = 32;

/// Encryption keys by name. The first encrypts; all decrypt, so that keys can be rotated.
#[derive(Default)]
pub struct EncryptionKeys(Vec<(String, RandomizedNonceKey)>);

impl FromStr for EncryptionKeys {
    type Err = String;

    /// `name:key,name:key`, each key 32 bytes in base64. Errors do not repeat the input.
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = |number: usize| {
            format!(
                "entry {number} must be name:key, the name of letters, digits, - and _, the key 32 bytes in base64: openssl rand -base64 32"
            )
        };
        let mut keys: Vec<(String, RandomizedNonceKey)> = Vec::new();
        for (entry, number) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).zip(1..) {
            let (name, key) = entry.split_once(':').ok_or_else(|| rule(number))?;
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            let bytes = Zeroizing::new(STANDARD.decode(key).map_err(|_malformed| rule(number))?);
            if name.is_empty() || name.len() > NAME_MAX_CHARS || !plain || bytes.len() != KEY_BYTES {
                return Err(rule(number));
            }
            if keys.iter().any(|(known, _)| known == name) {
                return Err(format!("entry {number} repeats a name"));
            }
            keys.push((name.to_owned(), RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_unusable| rule(number))?));
        }
        Ok(Self(keys))
    }
}

impl EncryptionKeys {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key of this name encrypts.
    #[must_use]
    pub fn seals_with(&self, name: &str) -> bool {
        self.0.first().is_some_and(|(first, _)| first == name)
    }

    /// Encrypts the private half of a key, bound to that key.
    ///
    /// # Errors
    /// There is no encryption key.
    pub fn encrypt(&self, id: &KeyId, algorithm: KeyAlgorithm, private: &str) -> Result<Encrypted, PortError> {
        let (name, key) = self.0.first().ok_or_else(|| PortError::Internal("there is no key to encrypt with".to_owned()))?;
        // Encrypted in place: no plain text remains.
        let mut text = private.as_bytes().to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(whose(id, algorithm)), &mut text);
        let nonce = nonce.map_err(|_unspecified| PortError::Internal(format!("key {id} cannot be encrypted")))?;
        let encrypted = [nonce.as_ref(), text.as_slice()].concat();
        Ok(Encrypted { with: name.clone(), text: URL_SAFE_NO_PAD.encode(encrypted) })
    }

    /// # Errors
    /// The encryption key is missing, or this is not the private half of that key.
    pub fn decrypt(&self, id: &KeyId, algorithm: KeyAlgorithm, encrypted: &Encrypted) -> Result<Zeroizing<String>, PortError> {
        let broken = || PortError::Corrupt(format!("the private half of key {id} does not decrypt with its encryption key"));
        let (_, key) = self.0.iter().find(|(name, _)| *name == encrypted.with).ok_or_else(|| {
            PortError::Corrupt(format!("key {id} needs the encryption key `{}`, which is not configured", encrypted.with))
        })?;
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&encrypted.text).map_err(|_malformed| broken())?);
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| broken())?;
        let opened = key.open_in_place(nonce, Aad::from(whose(id, algorithm)), text).map_err(|_forged| broken())?;
        Ok(Zeroizing::new(std::str::from_utf8(opened).map_err(|_no_text| broken())?.to_owned()))
    }
}

/// What an encrypted text is bound to: in the place of another key's, it does not decrypt.
fn whose(id: &KeyId, algorithm: KeyAlgorithm) -> String {
    format!("{}/{id}", algorithm.name())
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_BYTES])
    }

    fn keys(text: &str) -> EncryptionKeys {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_sealed_opens_also_once_another_key_encrypts() {
        let (id, algorithm) = (KeyId::new("kid".to_owned()), KeyAlgorithm::Es256);
        let encrypted = keys(&format!("old:{}", key(1))).encrypt(&id, algorithm, "private").unwrap();
        assert_eq!(encrypted.with, "old");
        let both = keys(&format!("new:{}, old:{}", key(2), key(1)));
        assert_eq!(both.decrypt(&id, algorithm, &encrypted).unwrap().as_str(), "private");
        let again = both.encrypt(&id, algorithm, "private").unwrap();
        assert_eq!(again.with, "new");
        assert_ne!(again.text, both.encrypt(&id, algorithm, "private").unwrap().text, "a nonce is used once");
        assert!(!URL_SAFE_NO_PAD.decode(again.text).unwrap().windows(7).any(|part| part == b"private"));
    }

    #[test]
    fn nothing_else_opens_it() {
        let (id, other) = (KeyId::new("kid".to_owned()), KeyId::new("other".to_owned()));
        let right = keys(&format!("a:{}", key(1)));
        let encrypted = right.encrypt(&id, KeyAlgorithm::Es256, "private").unwrap();
        let bent = |text: String| Encrypted { text, ..encrypted.clone() };
        assert!(right.decrypt(&other, KeyAlgorithm::Es256, &encrypted).is_err());
        assert!(right.decrypt(&id, KeyAlgorithm::EdDsa, &encrypted).is_err());
        assert!(keys(&format!("a:{}", key(2))).decrypt(&id, KeyAlgorithm::Es256, &encrypted).is_err());
        for text in [String::new(), "AAAA".to_owned(), encrypted.text.replace(|_| true, "A"), format!("{}AAAA", encrypted.text)] {
            assert!(right.decrypt(&id, KeyAlgorithm::Es256, &bent(text)).is_err());
        }
        let lost = keys(&format!("b:{}", key(1))).decrypt(&id, KeyAlgorithm::Es256, &encrypted).unwrap_err().to_string();
        assert!(lost.contains("`a`"), "{lost}");
    }

    #[test]
    fn a_list_of_keys_is_strict_and_keeps_them_to_itself() {
        assert!(keys("").is_empty() && keys("").encrypt(&KeyId::new(String::new()), KeyAlgorithm::Es256, "x").is_err());
        let short = STANDARD.encode([7; 31]);
        for wrong in [
            "a",
            "a:",
            &key(7),
            &format!(":{}", key(7)),
            &format!("a b:{}", key(7)),
            &format!("a:{short}"),
            &format!("a:{0},a:{0}", key(7)),
        ] {
            let fault = wrong.parse::<EncryptionKeys>().unwrap_err();
            assert!(fault.starts_with("entry ") && !fault.contains("Bwc"), "{fault}");
        }
        assert_eq!(format!("{:?}", keys(&format!("a:{}", key(7)))), r#"["a"]"#);
    }
}
