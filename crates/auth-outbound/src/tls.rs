//! TLS towards mail servers: whose certificates are trusted.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Trusts the certificates of a PEM file, or those of the system.
///
/// # Errors
/// There is none that can be used; why.
pub(crate) fn client_config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let roots = match ca {
        Some(file) => of_file(file)?,
        None => of_system()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|fault| fault.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

fn of_file(file: &Path) -> Result<RootCertStore, String> {
    let unusable = |why: String| format!("ca: {}: {why}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|fault| unusable(fault.to_string()))? {
        let certificate = certificate.map_err(|fault| unusable(fault.to_string()))?;
        roots.add(certificate).map_err(|fault| unusable(fault.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("there is no certificate in it".to_owned())) } else { Ok(roots) }
}

/// Some certificates of a system may be odd, and are of no use to anybody. Without any, each connection would fail later.
fn of_system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (_added, _odd) = roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let faults: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
    Err(format!(
        "the system has no certificates to trust; install ca-certificates, or name a file with ?ca=PATH. {}",
        faults.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::client_config;

    #[test]
    fn what_cannot_be_trusted_is_a_fault_at_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let told = |path| client_config(Some(path)).unwrap_err();
        assert!(told(file.path()).contains("no certificate in it"));
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(told(file.path()).starts_with("ca: "));
        assert!(told(std::path::Path::new("/nowhere.pem")).contains("/nowhere.pem"));
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert;
        std::fs::write(&file, certificate.pem()).unwrap();
        assert!(client_config(Some(file.path())).is_ok());
    }
}
