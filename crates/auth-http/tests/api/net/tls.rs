//! TLS to clients: served, renewed, strict, and not held up by those who speak something else.

use std::{fs, path::PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::{Certificate, Client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::service::{ACCESS_SECRET, Answer, Engine, REFRESH_SECRET, Service, eventually, folder, run};

const HSTS: &str = "max-age=63072000; includeSubDomains";

/// A certificate of its own making for 127.0.0.1, and its key, in PEM.
fn certificate() -> (String, String) {
    signed(CertificateParams::new(["127.0.0.1".to_owned()]).unwrap())
}

fn signed(params: CertificateParams) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

struct Files {
    _guard: tempfile::TempDir,
    folder: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn with(certificate: &str, key: &str) -> Self {
        let (guard, folder) = folder();
        let files = Self { _guard: guard, certificate: folder.join("c.pem"), key: folder.join("k.pem"), folder };
        files.write(certificate, key);
        files
    }

    fn write(&self, certificate: &str, key: &str) {
        fs::write(&self.certificate, certificate).unwrap();
        fs::write(&self.key, key).unwrap();
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("TLS_CERT_FILE", self.certificate.to_str().unwrap()), ("TLS_KEY_FILE", self.key.to_str().unwrap())]
    }

    async fn serve(&self, others: &[(&str, &str)]) -> Service {
        Service::with(Engine::Sqlite, &[&self.variables()[..], others].concat()).await
    }
}

/// A client that trusts this certificate and no other, with no connection yet.
fn trusting(certificate: &str) -> Client {
    let root = Certificate::from_pem(certificate.as_bytes()).unwrap();
    Client::builder().add_root_certificate(root).build().unwrap()
}

/// The same, for bytes of one's own.
fn connector(certificate: &str) -> tokio_rustls::TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    let pem = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice;
    roots.add(pem(certificate.as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    std::sync::Arc::new(config).into()
}

async fn trusts(service: &Service, certificate: &str) -> bool {
    trusting(certificate).get(format!("{}/health", service.url)).send().await.is_ok_and(|answer| answer.status() == 200)
}

/// Ends, and does not hang: what was answered until then.
async fn ending(service: &Service, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    answer
}

#[tokio::test]
async fn accounts_and_tokens_work_by_tls() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let mut service = files.serve(&[]).await;
    assert!(service.url.starts_with("https://"), "{}", service.url);
    service.client = trusting(&certificate);
    let registered = service.register("ann@example.org").await;
    let tokens = service.login("ann@example.org").await;
    for (answer, status) in [
        (service.me(tokens.access()).await, 200),
        (service.refresh(tokens.refresh()).await, 200),
        (service.me("x").await, 401),
        (service.get("/nowhere").await, 404),
        (service.get("/health").await, 200),
    ] {
        assert_eq!((answer.status, answer.header("strict-transport-security")), (status, Some(HSTS)));
    }
    assert_eq!(registered.header("strict-transport-security"), Some(HSTS));
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0));
}

#[tokio::test]
async fn what_the_server_library_refuses_is_strict_as_well() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let service = files.serve(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let connector = connector(&certificate);
    for (sent, status) in [("nonsense\r\n\r\n", "400"), ("GET /hea", "408")] {
        let stream = TcpStream::connect(service.address()).await.unwrap();
        let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), None);
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains("application/problem+json"), "{answer}");
        assert!(answer.contains(&format!("strict-transport-security: {HSTS}\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn without_tls_nothing_is_said_of_it() {
    let service = Service::start(Engine::Sqlite).await;
    for path in ["/health", "/auth/me", "/nowhere"] {
        assert_eq!(service.get(path).await.header("strict-transport-security"), None, "{path}");
    }
    let refused = String::from_utf8(ending(&service, b"nonsense\r\n\r\n").await).unwrap();
    assert!(refused.starts_with("HTTP/1.1 400 ") && !refused.contains("strict-transport-security"), "{refused}");
}

#[tokio::test]
async fn a_hangup_brings_the_new_certificate_and_a_bad_one_changes_nothing() {
    let ((old, old_key), (new, new_key)) = (certificate(), certificate());
    let files = Files::with(&old, &old_key);
    let service = files.serve(&[]).await;
    assert!(trusts(&service, &old).await && !trusts(&service, &new).await);
    // Begun with the old one, it goes on.
    let long_lived = trusting(&old);
    let ask = async || Answer::of(long_lived.get(format!("{}/health", service.url))).await.status;
    assert_eq!(ask().await, 200);
    files.write(&new, &new_key);
    service.signal("-HUP");
    service.logged("the certificate was read again", 1).await;
    assert!(trusts(&service, &new).await && !trusts(&service, &old).await);
    assert_eq!(ask().await, 200);
    for (bad, (certificate, key)) in
        [(&old, &new_key), (&new, &old_key), (&String::new(), &new_key), (&new, &String::new())].into_iter().enumerate()
    {
        files.write(certificate, key);
        service.signal("-HUP");
        service.logged("the certificate cannot be used", bad + 1).await;
        assert!(trusts(&service, &new).await && !trusts(&service, &old).await, "{bad}");
    }
    assert!(service.log_text().contains("TLS_KEY_FILE") && !service.log_text().contains("PRIVATE KEY-"));
}

#[tokio::test]
async fn who_speaks_something_else_or_nothing_is_left_and_others_are_served() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let mut service = files.serve(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    service.client = trusting(&certificate);
    let mut silent = Vec::new();
    for number in 0..200_u8 {
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        // Some begin a handshake, and never go on.
        stream.write_all(if number % 2 == 0 { b"" } else { b"\x16\x03\x01" }).await.unwrap();
        silent.push(stream);
    }
    assert_eq!(service.get("/health").await.status, 200);
    let answer = ending(&service, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    for mut stream in silent {
        drop(stream.read_to_end(&mut Vec::new()).await);
    }
    assert_eq!(service.register("ann@example.org").await.status, 201);
}

#[tokio::test]
async fn who_never_shakes_hands_makes_room_at_the_cap() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let service = files.serve(&[("REQUEST_TIMEOUT_SECONDS", "120"), ("MAX_CONNECTIONS", "2")]).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(service.address()).await.unwrap());
    }
    // Silent ones that were still on their way in may have pushed a first try out.
    eventually(async || trusts(&service, &certificate).await, |served| *served).await;
    for mut stream in silent.drain(..16) {
        assert_eq!(stream.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn bodies_that_never_come_make_room_at_the_cap() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let patient = [("REQUEST_TIMEOUT_SECONDS", "120"), ("MAX_CONNECTIONS", "4"), ("RATE_LIMIT_REQUESTS", "100000")];
    let service = files.serve(&patient).await;
    let connector = connector(&certificate);
    for asked in ["GET /.well-known/jwks.json", "POST /auth/login"] {
        let head = format!(
            "{asked} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        );
        let mut open = Vec::new();
        for _ in 0..4 {
            let stream = TcpStream::connect(service.address()).await.unwrap();
            let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.read_exact(&mut [0; "HTTP/1.1 100 Continue\r\n\r\n".len()]).await.unwrap();
            open.push(stream);
        }
        for _ in 0..4 {
            assert!(trusts(&service, &certificate).await, "{asked}");
        }
    }
}

#[tokio::test]
async fn a_handshake_that_fails_is_no_error_and_its_bytes_are_in_no_line() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let service = files.serve(&[("LOG_LEVEL", "trace")]).await;
    for bytes in
        [&b"\x16\x03\x01\x00\x0bGeheim-7e57"[..], b"GET /Geheim-7e57 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xffGeheim-7e57"]
    {
        ending(&service, bytes).await;
    }
    assert!(trusts(&service, &certificate).await);
    let loud = service.lines(0, |line| line["level"] == "ERROR" || line["level"] == "WARN").await;
    assert!(loud.is_empty() && !service.log_text().contains("Geheim"), "{}", service.log_text());
}

#[test]
fn a_pair_that_cannot_serve_is_a_fault_that_names_its_variable() {
    let ((certificate, key), (other, other_key)) = (certificate(), certificate());
    let files = Files::with(&certificate, &key);
    let secrets = [("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET)];
    let with = |command: &str, tls: &[(&str, &str)]| run(&files.folder, &[command], &[&secrets[..], tls].concat());
    let (code, out, err) = with("check", &files.variables());
    assert!(code == 0 && out.contains("by TLS") && out.contains("valid until 4096-"), "{out}{err}");
    let broken = key.replacen("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", 2);
    for (certificate, key, words) in [
        (&certificate, &other_key, &["TLS_KEY_FILE: is not the key"][..]),
        (&other, &key, &["TLS_KEY_FILE: is not the key"]),
        (&key, &certificate, &["TLS_CERT_FILE: must be a PEM", "TLS_KEY_FILE: must be a PEM"]),
        (&certificate, &broken, &["TLS_KEY_FILE: must be a PEM"]),
        (&"nonsense".to_owned(), &key, &["TLS_CERT_FILE: must be a PEM"]),
        (&certificate.replace('M', "A"), &key, &["TLS_CERT_FILE: must "]),
    ] {
        files.write(certificate, key);
        for command in ["check", "serve"] {
            let (code, out, err) = with(command, &files.variables());
            assert!(code == 1 && words.iter().all(|words| err.contains(words)), "{command} {words:?}: {out}{err}");
            assert!(key.lines().nth(1).is_none_or(|line| !err.contains(line)), "{err}");
        }
    }
    let nowhere = [("TLS_CERT_FILE", "/nowhere.pem"), ("TLS_KEY_FILE", "/nowhere.pem"), ("BCRYPT_COST", "1")];
    let (code, _, err) = with("serve", &nowhere);
    assert!(code == 1 && err.matches("cannot be read").count() == 2 && err.contains("BCRYPT_COST"), "{err}");
    let (code, _, err) = with("serve", &nowhere[..1]);
    assert!(code == 1 && err.contains("TLS_KEY_FILE: is missing"), "{err}");
}

#[test]
fn an_expired_certificate_is_worth_a_thought_and_no_fault() {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2025, 1, 1));
    let (certificate, key) = signed(params);
    let files = Files::with(&certificate, &key);
    let secrets = [("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET)];
    let (code, out, err) = run(&files.folder, &["check"], &[&secrets[..], &files.variables()].concat());
    assert!(code == 0 && out.contains("! certificate    expired on 2025-01-01 00:00 UTC"), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_asks_by_tls_and_needs_no_good_files() {
    let (certificate, key) = certificate();
    let files = Files::with(&certificate, &key);
    let mut service = files.serve(&[]).await;
    let port = service.address().rsplit_once(':').unwrap().1.to_owned();
    let secrets = [("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET), ("PORT", port.as_str())];
    let ask = || run(&files.folder, &["healthcheck"], &[&secrets[..], &files.variables()].concat());
    assert_eq!(ask().0, 0, "{}", ask().2);
    files.write("half of a", "renewal");
    assert_eq!(ask().0, 0, "{}", ask().2);
    assert_ne!(run(&files.folder, &["healthcheck"], &secrets).0, 0, "without TLS there is nothing to talk about");
    service.kill();
    assert_eq!(ask().0, 1);
}
