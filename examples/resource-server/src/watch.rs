//! What auth-server publishes: its keys, the ended sessions and the revoked keys. A thread fetches it every few seconds; no
//! client's request waits for that or triggers it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;

/// How long an ended session is remembered: longer than any access token lives.
const REMEMBERED: Duration = Duration::from_secs(75 * 60);

/// After this long without a list, nobody knows who has logged out.
const SILENCE: Duration = Duration::from_secs(30);

const TIMEOUT: Duration = Duration::from_secs(5);

/// What was fetched last, for verifiers.
#[derive(Default)]
pub struct Watch(RwLock<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<String, (Algorithm, DecodingKey)>,
    ended: HashMap<String, Instant>,
    revoked: HashSet<String>,
    /// The time of the newest list.
    iat: i64,
    heard_at: Option<Instant>,
}

/// The claims of a list.
#[derive(Deserialize)]
struct List {
    iat: i64,
    sids: Vec<String>,
    kids: Vec<String>,
    next: String,
    more: bool,
}

type Fault = Box<dyn std::error::Error>;

impl Watch {
    /// Fetches once, then forever in the background.
    ///
    /// # Errors
    /// auth-server does not answer, or its answer is wrong.
    pub fn start(issuer: String, interval: Duration) -> Result<Arc<Self>, Fault> {
        let watch = Arc::new(Self::default());
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
        let mut since = watch.ask(&agent, &issuer, String::new())?;
        let watching = watch.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(interval);
                match watching.ask(&agent, &issuer, since.clone()) {
                    Ok(next) => since = next,
                    Err(fault) => eprintln!("auth-server does not say what is revoked: {fault}"),
                }
            }
        });
        Ok(watch)
    }

    /// Fetches what happened since a place in the list, and returns the next place. Keys first: one of them has signed the list.
    fn ask(&self, agent: &ureq::Agent, issuer: &str, mut since: String) -> Result<String, Fault> {
        let base = issuer.trim_end_matches('/');
        let set: JwkSet = serde_json::from_str(&get(agent, &format!("{base}/.well-known/jwks.json"))?)?;
        self.write(|known| known.keys = keys(&set));
        loop {
            let asked = Instant::now();
            let text = get(agent, &format!("{base}/oauth/revocations?since={since}"))?;
            let List { iat, sids, kids, next, more } = self.list(&text, issuer)?;
            // An attacker could hold back newer answers to hide a logout.
            if iat < self.read(|known| known.iat) {
                return Err("the list is older than the one before".into());
            }
            self.write(|known| {
                known.iat = iat;
                known.ended.retain(|_, at| at.elapsed() < REMEMBERED);
                known.ended.extend(sids.into_iter().map(|sid| (sid, asked)));
                known.revoked = kids.into_iter().collect();
                // With more to fetch, this is not the whole list.
                known.heard_at = if more { known.heard_at } else { Some(asked) };
            });
            since = next;
            if !more {
                return Ok(since);
            }
        }
    }

    /// The claims of a list that auth-server has signed.
    fn list(&self, text: &str, issuer: &str) -> Result<List, Fault> {
        let (algorithm, key) = self.key(text).ok_or("the list is signed with a key that is not published")?;
        let mut rules = Validation::new(algorithm);
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss"]);
        rules.set_issuer(&[issuer]);
        let list = decode::<List>(text, &key, &rules)?;
        if list.header.typ.as_deref() == Some("revocations+jwt") { Ok(list.claims) } else { Err("that is no list".into()) }
    }

    /// The published key that a token names. Nothing else in its header matters.
    pub fn key(&self, token: &str) -> Option<(Algorithm, DecodingKey)> {
        let Ok(header) = decode_header(token) else { return None };
        let kid = header.kid?;
        self.read(|known| known.keys.get(&kid).filter(|_| !known.revoked.contains(&kid)).cloned())
    }

    /// Whether a session has ended; `None` where the last list is too old.
    pub fn has_ended(&self, sid: &str) -> Option<bool> {
        self.read(|known| known.heard_at.filter(|at| at.elapsed() < SILENCE).map(|_| known.ended.contains_key(sid)))
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn get(agent: &ureq::Agent, url: &str) -> Result<String, Fault> {
    Ok(agent.get(url).call()?.body_mut().read_to_string()?)
}

/// Only signing keys, each with its one algorithm.
fn keys(set: &JwkSet) -> HashMap<String, (Algorithm, DecodingKey)> {
    let usable = set.keys.iter().filter_map(|jwk| {
        let Ok(algorithm) = jwk.common.key_algorithm?.to_string().parse() else { return None };
        let Ok(key) = DecodingKey::from_jwk(jwk) else { return None };
        Some((jwk.common.key_id.clone()?, (algorithm, key)))
    });
    usable.collect()
}
