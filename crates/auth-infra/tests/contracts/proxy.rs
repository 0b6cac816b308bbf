//! A proxy before a server, which can hold back or delay all that passes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// Says nothing on the connections that are frozen, and does not end them either.
pub(crate) struct Proxy(Arc<Ice>);

#[derive(Default)]
struct Ice {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many connections there have been.
    begun: usize,
    /// So many of them, from the first, are frozen.
    frozen: usize,
    /// How long everything takes longer, on all of them.
    delay: Duration,
}

impl Ice {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        changed
    }

    /// Counts a connection. How many there were before.
    fn begin(&self) -> usize {
        self.change(|state| {
            state.begun += 1;
            state.begun - 1
        })
    }

    /// Waits as long as a connection is frozen, or everything is slow.
    fn let_pass(&self, number: usize) {
        let state = self.changed.wait_while(self.state.lock().unwrap(), |state| number < state.frozen).unwrap();
        let delay = state.delay;
        drop(state);
        thread::sleep(delay);
    }
}

impl Proxy {
    /// Before the server at an address. Returns the port of the proxy.
    pub(crate) fn before(address: &str) -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ice = Arc::<Ice>::default();
        let (proxy, address) = (Self(ice.clone()), address.to_owned());
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let number = ice.begin();
                let upstream = TcpStream::connect(&address).unwrap();
                for (from, to) in [(client.try_clone().unwrap(), upstream.try_clone().unwrap()), (upstream, client)] {
                    let ice = ice.clone();
                    thread::spawn(move || forward(from, to, &|| ice.let_pass(number)));
                }
            }
        });
        (proxy, port)
    }

    pub(crate) fn freeze(&self) {
        self.0.change(|state| state.frozen = usize::MAX);
    }

    /// The connections there are, not those to come.
    pub(crate) fn freeze_those_there_are(&self) {
        self.0.change(|state| state.frozen = state.begun);
    }

    /// Each way.
    pub(crate) fn delay(&self, delay: Duration) {
        self.0.change(|state| state.delay = delay);
    }

    pub(crate) fn thaw(&self) {
        self.0.change(|state| state.frozen = 0);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, wait_for_thaw: &dyn Fn()) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        wait_for_thaw();
        if to.write_all(buffer.get(..length).unwrap()).is_err() {
            break;
        }
    }
    // Whichever end is closed already, the other has to hear of it.
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
