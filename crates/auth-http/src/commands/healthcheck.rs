//! `healthcheck`: asks the running server whether it is ready. No HTTP client is worth carrying for one request.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use super::{Failure, settings};

const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `/health/ready`.
///
/// # Errors
/// The server is not there, or not ready.
pub fn healthcheck() -> Result<(), Failure> {
    let http = settings()?.http;
    let address = reachable(&http.host, http.port)?;
    let status = ask(address).map_err(|error| Failure::Told(format!("{address} does not answer: {error}")))?;
    if status.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(Failure::Told(format!("{address} is not ready: {status}"))) }
}

/// Where a server that listens on `host` can be asked from this machine.
fn reachable(host: &str, port: u16) -> Result<SocketAddr, Failure> {
    let mut address = (host, port).to_socket_addrs()?.next().ok_or_else(|| Failure::Told(format!("{host} has no address")))?;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    Ok(address)
}

/// The status line of the answer.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
