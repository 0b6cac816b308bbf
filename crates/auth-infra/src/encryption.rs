//! Secrets at rest: encrypted with keys that are not in the database (AES-256-GCM).

use std::{fmt, str::FromStr};

use auth_domain::identity::{encrypted::Encrypted, port_error::PortError};
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

    /// The names of the keys, the one that encrypts first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there is a key of this name, so that what it encrypted can be decrypted.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Encrypts a secret, bound to what it belongs to: in the place of another's, it does not decrypt.
    ///
    /// # Errors
    /// There is no encryption key.
    pub fn encrypt(&self, bound_to: &str, plain: &[u8]) -> Result<Encrypted, PortError> {
        let (name, key) = self.0.first().ok_or_else(|| PortError::Internal("there is no key to encrypt with".to_owned()))?;
        // Encrypted in place: no plain text remains.
        let mut text = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(bound_to), &mut text);
        let nonce = nonce.map_err(|_unspecified| PortError::Internal(format!("the secret of {bound_to} cannot be encrypted")))?;
        let encrypted = [nonce.as_ref(), text.as_slice()].concat();
        Ok(Encrypted { with: name.clone(), text: URL_SAFE_NO_PAD.encode(encrypted) })
    }

    /// # Errors
    /// The encryption key is missing, or this is not the secret of what it is said to belong to.
    pub fn decrypt(&self, bound_to: &str, what: &Encrypted) -> Result<Zeroizing<Vec<u8>>, PortError> {
        let with = &what.with;
        let broken = || PortError::Corrupt(format!("the secret of {bound_to} does not decrypt with its encryption key `{with}`"));
        let (_, key) = self.0.iter().find(|(name, _)| name == with).ok_or_else(|| {
            PortError::Corrupt(format!("the secret of {bound_to} needs the encryption key `{with}`, which is not configured"))
        })?;
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&what.text).map_err(|_malformed| broken())?);
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| broken())?;
        let opened = key.open_in_place(nonce, Aad::from(bound_to), text).map_err(|_forged| broken())?;
        Ok(Zeroizing::new(opened.to_vec()))
    }

    /// The secret, encrypted with the first key; `None` where it is already.
    ///
    /// # Errors
    /// As of [`decrypt`](Self::decrypt), also where nothing is to be done.
    pub fn reencrypt(&self, bound_to: &str, what: &Encrypted) -> Result<Option<Encrypted>, PortError> {
        let plain = self.decrypt(bound_to, what)?;
        if self.names().next() == Some(&what.with) { Ok(None) } else { self.encrypt(bound_to, &plain).map(Some) }
    }
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
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
    fn what_is_encrypted_decrypts_also_once_another_key_encrypts() {
        let encrypted = keys(&format!("old:{}", key(1))).encrypt("totp/1", b"private").unwrap();
        assert_eq!(encrypted.with, "old");
        let both = keys(&format!("new:{}, old:{}", key(2), key(1)));
        assert_eq!(both.decrypt("totp/1", &encrypted).unwrap().as_slice(), b"private");
        let again = both.reencrypt("totp/1", &encrypted).unwrap().unwrap();
        assert_eq!((again.with.as_str(), both.reencrypt("totp/1", &again).unwrap()), ("new", None));
        assert_eq!(both.decrypt("totp/1", &again).unwrap().as_slice(), b"private");
        assert_ne!(again.text, both.encrypt("totp/1", b"private").unwrap().text, "a nonce is used once");
        assert!(!URL_SAFE_NO_PAD.decode(again.text).unwrap().windows(7).any(|part| part == b"private"));
    }

    /// Made by the release before, which encrypted signing keys alone.
    #[test]
    fn a_stored_key_outlives_the_program_that_encrypted_it() {
        let text = "K3Ll4zSZNakTPCVmE6jeYJyYOCJFixExljk3IFCWJ_jklP7v9EL_ihCr4ijptlNGNpTkN1Iexvo".to_owned();
        let bound_to = "ES256/NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        let plain = keys(&format!("old:{}", key(1))).decrypt(bound_to, &Encrypted { with: "old".to_owned(), text }).unwrap();
        assert_eq!(plain.as_slice(), b"-----BEGIN PRIVATE KEY-----\n");
    }

    #[test]
    fn nothing_else_decrypts() {
        let right = keys(&format!("a:{}", key(1)));
        let encrypted = right.encrypt("totp/1", b"private").unwrap();
        let bent = |text: String| Encrypted { text, ..encrypted.clone() };
        for other in ["", "totp/2", "totp/", "totp/11", "ES256/1"] {
            assert!(right.decrypt(other, &encrypted).is_err() && right.reencrypt(other, &encrypted).is_err(), "{other}");
        }
        assert!(keys(&format!("a:{}", key(2))).decrypt("totp/1", &encrypted).is_err());
        for text in [String::new(), "AAAA".to_owned(), encrypted.text.replace(|_| true, "A"), format!("{}AAAA", encrypted.text)] {
            let fault = right.decrypt("totp/1", &bent(text)).unwrap_err().to_string();
            assert!(fault.contains("totp/1") && fault.contains("`a`") && !fault.contains("private"), "{fault}");
        }
        let lost = keys(&format!("b:{}", key(1))).decrypt("totp/1", &encrypted).unwrap_err().to_string();
        assert!(lost.contains("`a`, which is not configured"), "{lost}");
    }

    #[test]
    fn keys_are_known_by_their_names() {
        let both = keys(&format!("new:{}, old:{}", key(2), key(1)));
        assert_eq!(both.names().collect::<Vec<_>>(), ["new", "old"]);
        assert!(both.has("new") && both.has("old") && !both.has("ol") && !both.has(""));
    }

    #[test]
    fn a_list_of_keys_is_strict_and_keeps_them_to_itself() {
        assert!(keys("").is_empty() && keys("").encrypt("totp/1", b"x").is_err());
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
