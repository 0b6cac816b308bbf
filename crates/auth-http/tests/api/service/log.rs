//! What a server writes, as it comes.

use std::{
    io::BufRead,
    sync::{Condvar, Mutex},
};

use serde_json::{Value, json};

use super::PATIENCE;

/// What the server has written so far.
#[derive(Default)]
pub struct Log {
    pub(super) lines: Mutex<(Vec<Value>, bool)>,
    grown: Condvar,
}

impl Log {
    pub(super) fn follow(&self, reader: impl BufRead) {
        for line in reader.lines() {
            let Ok(line) = line else { break };
            let parsed = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "unparsable": line }));
            self.lines.lock().unwrap().0.push(parsed);
            self.grown.notify_all();
        }
        self.lines.lock().unwrap().1 = true;
        self.grown.notify_all();
    }

    pub(super) fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_many(1, wanted).remove(0)
    }

    pub(super) fn wait_for_many(&self, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let found = |lines: &[Value]| lines.iter().filter(|line| wanted(line)).cloned().collect::<Vec<_>>();
        let (guard, timeout) = self
            .grown
            .wait_timeout_while(self.lines.lock().unwrap(), PATIENCE, |(lines, ended)| found(lines).len() < count && !*ended)
            .unwrap();
        assert!(!timeout.timed_out() && found(&guard.0).len() >= count, "not logged: {:#?}", guard.0);
        found(&guard.0)
    }
}

pub(super) fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}
