//! Connecting to a mail server: TCP, TLS at once or after STARTTLS, login. We speak STARTTLS ourselves: not a byte that was said in
//! clear is taken for one of TLS.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
    response::Severity,
};
use rustls::{ProtocolVersion, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    fault::Kind,
    wire::{REPLY_MAX_BYTES, Stream, Wire},
};
use crate::{
    mail_url::{Login, MailServer, Security},
    tls::client_config,
};

/// The mechanisms that we have, the better first. Both send the password, which TLS hides.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Ends a wait.
pub(super) async fn within<T, E: Into<Kind>>(step: Duration, work: impl Future<Output = Result<T, E>>) -> Result<T, Kind> {
    match timeout(step, work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_elapsed) => Err(Kind::TimedOut(step)),
    }
}

/// A connection that lettre speaks over.
pub(super) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    /// `None`: in clear.
    pub(super) tls: Option<ProtocolVersion>,
}

/// What hides what is said.
pub(super) enum Cover {
    Nothing,
    Tls(TlsConnector),
    StartTls(TlsConnector),
}

/// How to get a connection.
pub(super) struct Dial {
    pub(super) server: MailServer,
    /// What we call ourselves.
    pub(super) hello: ClientId,
    pub(super) cover: Cover,
    pub(super) login: Option<Credentials>,
    /// The login in all spellings in which it goes over the line.
    pub(super) secrets: Vec<String>,
    /// How long each step may take.
    pub(super) step: Duration,
}

impl Cover {
    fn of(server: &MailServer) -> Result<Self, String> {
        let connector = || client_config(server.ca.as_deref()).map(TlsConnector::from);
        Ok(match server.security {
            Security::Off => Self::Nothing,
            Security::Tls => Self::Tls(connector()?),
            Security::StartTls => Self::StartTls(connector()?),
        })
    }
}

impl Dial {
    pub(super) fn new(server: &MailServer, domain: &str, step: Duration) -> Result<Self, String> {
        let login = server.login.as_ref();
        Ok(Self {
            server: server.clone(),
            hello: ClientId::Domain(domain.to_owned()),
            cover: Cover::of(server)?,
            login: login.map(|login| Credentials::new(login.user.clone(), login.password.clone())),
            secrets: login.map(spellings).unwrap_or_default(),
            step,
        })
    }

    /// A connection that is ready for a mail.
    pub(super) async fn open(&self) -> Result<Connection, Kind> {
        let (tcp, peer) = within(self.step, self.connect()).await?;
        let (stream, tls, greeting): (Box<dyn Stream>, _, &'static [u8]) = match &self.cover {
            Cover::Nothing => (Box::new(tcp), None, b""),
            Cover::Tls(tls) => {
                let stream = within(self.step, self.handshake(tls, tcp)).await?;
                let version = stream.get_ref().1.protocol_version();
                (Box::new(stream), version, b"")
            }
            Cover::StartTls(tls) => {
                let tcp = self.start_tls(tcp).await?;
                let stream = within(self.step, self.handshake(tls, tcp)).await?;
                let version = stream.get_ref().1.protocol_version();
                (Box::new(stream), version, b"220 \r\n")
            }
        };
        let wire = Box::new(Wire::new(stream, peer, greeting));
        let mut smtp = within(self.step, AsyncSmtpConnection::connect_with_transport(wire, &self.hello)).await?;
        if let Some(login) = &self.login {
            let reply = within(self.step, smtp.auth(&MECHANISMS, login)).await?;
            if reply.code().severity != Severity::PositiveCompletion {
                return Err(Kind::out_of_step(&reply));
            }
        }
        Ok(Connection { smtp, tls })
    }

    async fn connect(&self) -> Result<(TcpStream, SocketAddr), Kind> {
        let found = lookup_host((self.server.host.as_str(), self.server.port)).await?;
        let in_clear = matches!(self.cover, Cover::Nothing);
        // `localhost` is a name that somebody could point elsewhere.
        let addresses: Vec<_> = found.filter(|address| !in_clear || address.ip().is_loopback()).collect();
        if addresses.is_empty() {
            return Err(Kind::Broken("the host has no address that may be used".to_owned()));
        }
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        // A message and its final dot are two writes: the second would wait for the receipt of the first.
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        Ok((stream, peer))
    }

    async fn handshake(&self, tls: &TlsConnector, stream: TcpStream) -> Result<TlsStream<TcpStream>, Kind> {
        let name = ServerName::try_from(self.server.host.clone());
        let name = name.map_err(|_no_name| Kind::Broken("the host is no name that a certificate could have".to_owned()))?;
        let shaken = tls.connect(name, stream).await;
        shaken.map_err(|fault| Kind::Broken(format!("TLS: {fault}")))
    }

    /// Until the server waits for TLS (RFC 3207).
    async fn start_tls(&self, mut stream: TcpStream) -> Result<TcpStream, Kind> {
        within(self.step, reply(&mut stream, 220)).await?;
        let hello = format!("EHLO {}\r\n", self.hello);
        within(self.step, stream.write_all(hello.as_bytes())).await?;
        let offers = within(self.step, reply(&mut stream, 250)).await?;
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(Kind::Broken("the server does not offer STARTTLS".to_owned()));
        }
        within(self.step, stream.write_all(b"STARTTLS\r\n")).await?;
        within(self.step, reply(&mut stream, 220)).await?;
        Ok(stream)
    }
}

/// As AUTH LOGIN and AUTH PLAIN (RFC 4616) send it, and as it is.
fn spellings(Login { user, password }: &Login) -> Vec<String> {
    let sent = [user.clone(), password.clone(), format!("\0{user}\0{password}")].map(|text| STANDARD.encode(text));
    [user.clone(), password.clone()].into_iter().chain(sent).collect()
}

/// The lines of one reply, without their codes, and not a byte more: what follows in the same breath was said too early.
async fn reply(stream: &mut TcpStream, wanted: u16) -> Result<Vec<String>, Kind> {
    let mut said = Vec::new();
    while !is_whole(&said) {
        if said.len() > REPLY_MAX_BYTES {
            return Err(Kind::Broken("the server says too much".to_owned()));
        }
        if stream.read_buf(&mut said).await? == 0 {
            return Err(Kind::Broken("the server hung up".to_owned()));
        }
    }
    let text = String::from_utf8_lossy(&said);
    let mut lines = text.split_terminator("\r\n").map(|line| (line.get(..3), line.get(4..).unwrap_or_default().trim()));
    let (Some((Some(code), first)), rest) = (lines.next(), lines.collect::<Vec<_>>()) else {
        return Err(Kind::Broken("no SMTP server: its reply has no code".to_owned()));
    };
    let is_last = |line: &str| line.as_bytes().get(3) != Some(&b'-');
    let ends = text.split_terminator("\r\n").position(is_last);
    if ends != Some(rest.len()) || rest.iter().any(|(other, _)| *other != Some(code)) {
        return Err(Kind::Broken("the server says more than it was asked".to_owned()));
    }
    let lines: Vec<_> = std::iter::once(first).chain(rest.iter().map(|(_, line)| *line)).map(str::to_owned).collect();
    match code.parse() {
        Ok(code) if code == wanted => Ok(lines),
        Ok(code @ 400..600) => Err(Kind::Refusal { code, text: lines.join(" ") }),
        Ok(_) | Err(_) => Err(Kind::Broken("no SMTP server, or a reply out of step".to_owned())),
    }
}

/// Whether the last line of what was said is complete, and the last of a reply.
fn is_whole(said: &[u8]) -> bool {
    let Some(lines) = said.strip_suffix(b"\r\n") else { return false };
    let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    last.get(3) != Some(&b'-')
}
