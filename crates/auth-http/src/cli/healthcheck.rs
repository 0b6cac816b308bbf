//! `healthcheck`: asks the running server whether it is ready. No HTTP client is worth carrying for one request.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::command::{CommandError, settings};
use crate::net::tls;

const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `/health/ready`.
///
/// # Errors
/// The server is not there, or not ready.
pub(crate) fn healthcheck() -> Result<(), CommandError> {
    let http = settings()?.http;
    let address = reachable(&http.host, http.port)?;
    let status =
        ask(address, http.tls.is_some()).map_err(|error| CommandError::Told(format!("{address} does not answer: {error}")))?;
    if status.starts_with("HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(CommandError::Told(format!("{address} is not ready: {status}")))
    }
}

/// The address at which this machine reaches a server that listens on `host`.
fn reachable(host: &str, port: u16) -> Result<SocketAddr, CommandError> {
    let mut address =
        (host, port).to_socket_addrs()?.next().ok_or_else(|| CommandError::Told(format!("{host} has no address")))?;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    Ok(address)
}

/// The status line of the answer.
fn ask(address: SocketAddr, with_tls: bool) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    if with_tls { exchange(StreamOwned::new(client(address)?, stream), address) } else { exchange(&mut stream, address) }
}

fn exchange(mut stream: impl Read + Write, address: SocketAddr) -> io::Result<String> {
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status.trim_end().to_owned())
}

fn client(address: SocketAddr) -> io::Result<ClientConnection> {
    let builder = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other)?.dangerous();
    let config = builder.with_custom_certificate_verifier(Arc::new(Whoever(tls::provider()))).with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).map_err(io::Error::other)
}

/// Takes any certificate: this one is for the name that clients use, not for the address that is asked here. No
/// secret is sent, and a health check is no place to find out that a certificate has expired.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
