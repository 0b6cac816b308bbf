//! A mail server that does as its script says, and remembers what it heard.

use std::{
    fs, io,
    sync::{Arc, Mutex},
};

use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use crate::mail_url::{Login, MailServer, Security};

/// What the server does about what it hears.
pub(super) enum Say {
    Text(String),
    /// The same when it is told to.
    Late(Arc<Notify>, String),
    /// Nothing, and the connection stays.
    Nothing,
    HangUp,
}

pub(super) fn say(text: &str) -> Say {
    Say::Text(format!("{text}\r\n"))
}

/// What a server that wants mails says. Before its greeting it has heard an empty line; a message is heard as a dot.
pub(super) fn obliging(heard: &str) -> Say {
    match heard.split(' ').next().unwrap_or_default() {
        "" => say("220 fake"),
        "EHLO" => say("250-fake\r\n250-8BITMIME\r\n250-SIZE 10485760\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"),
        "STARTTLS" => say("220 go"),
        "AUTH" => say("235 2.7.0 hello"),
        "DATA" => say("354 go"),
        "QUIT" => say("221 bye"),
        _ => say("250 2.0.0 ok"),
    }
}

/// Which connection it is, counted from 0, and what was heard.
pub(super) type Script = dyn Fn(usize, &str) -> Say + Send + Sync;

pub(super) struct Fake {
    port: u16,
    security: Security,
    certificate: NamedTempFile,
    heard: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Fake {
    pub(super) async fn start(security: Security, script: impl Fn(usize, &str) -> Say + Send + Sync + 'static) -> Self {
        Self::start_as("localhost", security, script).await
    }

    /// With a certificate for a name.
    pub(super) async fn start_as(
        name: &str,
        security: Security,
        script: impl Fn(usize, &str) -> Say + Send + Sync + 'static,
    ) -> Self {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = NamedTempFile::new().unwrap();
        fs::write(&certificate, own.cert.pem()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(own.signing_key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = versions.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
        let (acceptor, script): (_, Arc<Script>) = (TlsAcceptor::from(Arc::new(config)), Arc::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = heard.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let talk = Talk { number, script: script.clone(), heard: all.clone() };
                tokio::spawn(talk.serve(stream, security, acceptor.clone()));
            }
        });
        Self { port, security, certificate, heard }
    }

    pub(super) fn server(&self) -> MailServer {
        let login = Some(Login { user: "ann".to_owned(), password: "s3cret".to_owned() });
        MailServer {
            host: "localhost".to_owned(),
            port: self.port,
            security: self.security,
            ca: (self.security != Security::Off).then(|| self.certificate.path().to_owned()),
            login: login.filter(|_login| self.security != Security::Off),
        }
    }

    /// What connections heard, message lines included.
    pub(super) fn heard(&self) -> Vec<(usize, String)> {
        self.heard.lock().unwrap().clone()
    }

    /// The first words of the commands that a connection heard.
    pub(super) fn commands(&self, connection: usize) -> Vec<String> {
        let own = self.heard().into_iter().filter(|(number, line)| *number == connection && !line.contains('\n'));
        own.filter_map(|(_, line)| line.split(' ').next().filter(|word| !word.is_empty()).map(str::to_owned)).collect()
    }

    /// The messages, with their dots.
    pub(super) fn messages(&self) -> Vec<String> {
        self.heard().into_iter().map(|(_, line)| line).filter(|line| line.contains('\n')).collect()
    }
}

struct Talk {
    number: usize,
    script: Arc<Script>,
    heard: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Talk {
    async fn serve(self, stream: TcpStream, security: Security, acceptor: TlsAcceptor) {
        match security {
            Security::Off => drop(self.talk(stream, "").await),
            Security::Tls => {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                drop(self.talk(stream, "").await);
            }
            Security::StartTls => {
                let Ok(Some(stream)) = self.talk(stream, "").await else { return };
                let Ok(stream) = acceptor.accept(stream).await else { return };
                drop(self.talk(stream, "NOTHING").await);
            }
        }
    }

    /// Until it is over, or TLS begins.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, first: &str) -> io::Result<Option<S>> {
        let mut stream = BufReader::new(stream);
        let mut line = first.to_owned();
        let mut message: Option<String> = None;
        loop {
            if line != "NOTHING" {
                self.heard.lock().unwrap().push((self.number, line.clone()));
                let said = match (self.script)(self.number, &line) {
                    Say::Text(text) => text,
                    Say::Nothing => {
                        let _until_the_end = stream.read_to_end(&mut Vec::new()).await;
                        return Ok(None);
                    }
                    Say::Late(when, text) => {
                        when.notified().await;
                        text
                    }
                    Say::HangUp => return Ok(None),
                };
                stream.write_all(said.as_bytes()).await?;
                match line.as_str() {
                    "STARTTLS" if said.starts_with("220") => return Ok(Some(stream.into_inner())),
                    "QUIT" => return Ok(None),
                    "DATA" if said.starts_with("354") => message = Some(String::new()),
                    _ => {}
                }
            }
            line.clear();
            while let Some(text) = &mut message {
                let mut next = String::new();
                if stream.read_line(&mut next).await? == 0 {
                    return Ok(None);
                }
                text.push_str(&next);
                if next == ".\r\n" {
                    self.heard.lock().unwrap().push((self.number, text.clone()));
                    message = None;
                    ".".clone_into(&mut line);
                }
            }
            if line.is_empty() {
                if stream.read_line(&mut line).await? == 0 {
                    return Ok(None);
                }
                line.truncate(line.trim_end().len());
            }
        }
    }
}
