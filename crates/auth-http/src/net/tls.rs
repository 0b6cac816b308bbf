//! TLS to clients: one certificate with its key, which can be exchanged while the server runs.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use parking_lot::RwLock;
use rustls::{
    InconsistentKeys, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio_rustls::TlsAcceptor;

use crate::settings::{CERT_FILE, KEY_FILE, SettingFault, TlsFiles};

/// The most that is read of a file: chains have a few kilobytes, and some paths never end.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// What a server needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    current: Arc<RwLock<Current>>,
}

/// What new connections get.
struct Current {
    chain: Vec<CertificateDer<'static>>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn load(files: &TlsFiles) -> Result<Self, Vec<SettingFault>> {
        Ok(Self { files: files.clone(), current: Arc::new(RwLock::new(Current::read(files)?)) })
    }

    /// Reads the files anew. New connections get what is in them now; with a fault in them, what they got before.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn reload(&self) -> Result<(), Vec<SettingFault>> {
        let read = Current::read(&self.files)?;
        *self.current.write() = read;
        Ok(())
    }

    /// The certificate of new connections, and those that lead to its root.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.current.read().chain.clone()
    }

    /// For the handshake of a new connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().config.clone().into()
    }
}

impl Current {
    fn read(files: &TlsFiles) -> Result<Self, Vec<SettingFault>> {
        let pair = match (chain(&files.certificate), key(&files.key)) {
            (Ok(chain), Ok(key)) => pair(chain, key).map_err(|fault| vec![fault])?,
            (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
        };
        // 1.2 for clients that are not new any more, and 1.3: all that rustls has, and both are sound.
        let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = versions.map_err(|cause| vec![fault(CERT_FILE, format!("cannot be used: {cause}"))])?;
        let chain = pair.cert.clone();
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { chain, config: Arc::new(config) })
    }
}

/// The one crypto back end of this program.
#[must_use]
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn fault(variable: &str, rule: impl Into<String>) -> SettingFault {
    SettingFault { variable: variable.to_owned(), rule: rule.into() }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingFault> {
    let bytes = read(path).map_err(|error| fault(CERT_FILE, format!("cannot be read: {error}")))?;
    match CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) | Err(_) => {
            Err(fault(CERT_FILE, "must be a PEM file with the server's certificate first, then those that lead to its root"))
        }
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, SettingFault> {
    let bytes = read(path).map_err(|error| fault(KEY_FILE, format!("cannot be read: {error}")))?;
    // The parser's own words may quote the file.
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_quotes| fault(KEY_FILE, "must be a PEM file with a private key, not encrypted: BEGIN PRIVATE KEY"))
}

fn pair(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, SettingFault> {
    let key = provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_says_little| fault(KEY_FILE, "must be an RSA key of 2048 to 8192 bits, an ECDSA or an Ed25519 key"))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) => Ok(pair),
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(fault(
            KEY_FILE,
            format!("is not the key of the first certificate in {CERT_FILE}; give the two that belong together"),
        )),
        Err(_unparsable) => Err(fault(CERT_FILE, "must begin with an X.509 certificate of the server")),
    }
}

/// The whole of a file that can be one.
fn read(path: &Path) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let read = File::open(path)?.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let fits = u64::try_from(read).is_ok_and(|read| read <= FILE_MAX_BYTES);
    if fits { Ok(bytes) } else { Err(io::Error::other(format!("it has more than {FILE_MAX_BYTES} bytes"))) }
}
