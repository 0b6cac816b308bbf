//! A proxy before a database server, which can hold back all that passes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use auth_infra::db::DatabaseUrl;

use crate::scratch::{Engine, Scratch};

/// Says nothing on the connections that are frozen, and does not end them either.
pub(crate) struct Proxy {
    /// How many connections there have been.
    begun: Arc<AtomicUsize>,
    /// So many of them, from the first, are frozen.
    frozen: Arc<AtomicUsize>,
}

impl Proxy {
    /// With the way to the scratch database through it.
    pub(crate) fn before(engine: Engine, scratch: &Scratch) -> (Self, DatabaseUrl) {
        let server = engine.server();
        let (before, host) = server.rsplit_once('@').unwrap();
        let (address, _database) = host.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self { begun: Arc::default(), frozen: Arc::default() };
        let (begun, frozen, address) = (proxy.begun.clone(), proxy.frozen.clone(), address.to_owned());
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let number = begun.fetch_add(1, Ordering::SeqCst);
                let upstream = TcpStream::connect(&address).unwrap();
                for (from, to) in [(client.try_clone().unwrap(), upstream.try_clone().unwrap()), (upstream, client)] {
                    let frozen = frozen.clone();
                    thread::spawn(move || forward(from, to, &|| number < frozen.load(Ordering::SeqCst)));
                }
            }
        });
        (proxy, format!("{before}@127.0.0.1:{port}/{}", scratch.name()).parse().unwrap())
    }

    pub(crate) fn freeze(&self) {
        self.frozen.store(usize::MAX, Ordering::SeqCst);
    }

    /// The connections there are, not those to come.
    pub(crate) fn freeze_those_there_are(&self) {
        self.frozen.store(self.begun.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    pub(crate) fn thaw(&self) {
        self.frozen.store(0, Ordering::SeqCst);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, is_frozen: &dyn Fn() -> bool) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        while is_frozen() {
            thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(buffer.get(..length).unwrap()).is_err() {
            break;
        }
    }
    // Whichever end is closed already, the other has to hear of it.
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
