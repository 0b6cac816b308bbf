//! A listener between a server and PostgreSQL, which notes the statements that pass.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use url::Url;

/// What a client asks for before it says who it is (PostgreSQL's protocol, "SSLRequest" and "GSSENCRequest").
const ENCRYPTION: [[u8; 4]; 2] = [80_877_103_u32.to_be_bytes(), 80_877_104_u32.to_be_bytes()];

/// A statement, and the number of the connection that it came by.
pub type Statement = (usize, String);

#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<Vec<Statement>>>);

impl Tap {
    /// Before the server of a database. Returns the database's URL by way of it.
    pub fn before(database: &str) -> (Self, String) {
        let mut url = Url::parse(database).unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let tap = Self::default();
        let notes = tap.clone();
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                // Messages pass one by one: none must wait for the next.
                [&client, &server].into_iter().for_each(|stream| stream.set_nodelay(true).unwrap());
                let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    drop(io::copy(&mut answers, &mut back));
                    drop(back.shutdown(Shutdown::Both));
                });
                let notes = notes.clone();
                thread::spawn(move || {
                    drop(notes.pass(number, client, &server));
                    drop(server.shutdown(Shutdown::Both));
                });
            }
        });
        (tap, url.into())
    }

    /// How many statements there were.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// All but the first so many.
    pub fn since(&self, count: usize) -> Vec<Statement> {
        self.0.lock().unwrap()[count..].to_vec()
    }

    fn pass(&self, number: usize, mut client: TcpStream, mut server: &TcpStream) -> io::Result<()> {
        let mut begin = read_body(&mut client)?;
        while ENCRYPTION.iter().any(|code| begin.starts_with(code)) {
            client.write_all(b"N")?;
            begin = read_body(&mut client)?;
        }
        write_body(&mut server, &[], &begin)?;
        let mut prepared = HashMap::new();
        loop {
            let mut kind = [0];
            client.read_exact(&mut kind)?;
            let body = read_body(&mut client)?;
            let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
            let mut text = || texts.next().unwrap_or_default();
            match &kind {
                b"Q" => self.note(number, text()),
                // A name and a statement.
                b"P" => drop(prepared.insert(text(), text())),
                // The name of its result, and that of the statement.
                b"B" => {
                    text();
                    self.note(number, prepared.get(&text()).cloned().unwrap_or_default());
                }
                _ => {}
            }
            write_body(&mut server, &kind, &body)?;
        }
    }

    fn note(&self, number: usize, statement: String) {
        self.0.lock().unwrap().push((number, statement));
    }
}

/// A message without its kind: its length, which counts itself, and what follows.
fn read_body(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    from.read_exact(&mut body)?;
    Ok(body)
}

fn write_body(to: &mut &TcpStream, kind: &[u8], body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    to.write_all(&[kind, &length, body].concat())
}
