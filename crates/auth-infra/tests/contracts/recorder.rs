//! Writes down the statements that some databases are sent.

use std::{collections::BTreeMap, sync::Once};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use parking_lot::Mutex;

use crate::scratch::{Engine, Scratch};

/// Databases whose name begins so are listened to.
const NAME: &str = "recorded";

/// Statements by the name of the database that they were sent to.
static SENT: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Recorder {
    database: Option<String>,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = &event {
            let name = url.split(['/', '?', '.']).find(|part| part.starts_with(NAME));
            self.database = name.map(str::to_owned);
        } else if let (InstrumentationEvent::StartQuery { query, .. }, Some(database)) = (&event, &self.database) {
            let mut sent = SENT.lock();
            sent.entry(database.clone()).or_default().push(query.to_string());
        }
    }
}

/// A database that is listened to from its first connection on.
pub(crate) fn recorded(engine: Engine) -> Scratch {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap());
    Scratch::named(engine, NAME)
}

/// What it was sent since this was last asked, with the values that were bound.
pub(crate) fn taken(scratch: &Scratch) -> Vec<String> {
    SENT.lock().remove(scratch.name()).unwrap_or_default()
}
