//! What auth-server publishes, asked for by a thread of its own every few seconds: its keys, the sessions that have ended and the
//! keys that are revoked. No request of a client waits for it, and none makes a call.

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

/// Who has heard nothing for so long does not know who has logged out.
const SILENCE: Duration = Duration::from_secs(30);

const TIMEOUT: Duration = Duration::from_secs(5);

/// What is known, for whoever verifies.
#[derive(Default)]
pub struct Watch(RwLock<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<String, (Algorithm, DecodingKey)>,
    ended: HashMap<String, Instant>,
    revoked: HashSet<String>,
    /// Of the newest list.
    iat: i64,
    heard_at: Option<Instant>,
}

/// What a list says.
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
    /// Asks once, then for ever.
    ///
    /// # Errors
    /// auth-server does not answer, or not as it should.
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

    /// What happened since a place in the list, and the place to go on from. Keys first: one of them has signed the list.
    fn ask(&self, agent: &ureq::Agent, issuer: &str, mut since: String) -> Result<String, Fault> {
        let base = issuer.trim_end_matches('/');
        let set: JwkSet = serde_json::from_str(&get(agent, &format!("{base}/.well-known/jwks.json"))?)?;
        self.write(|known| known.keys = keys(&set));
        loop {
            let asked = Instant::now();
            let text = get(agent, &format!("{base}/oauth/revocations?since={since}"))?;
            let List { iat, sids, kids, next, more } = self.list(&text, issuer)?;
            // Whoever keeps an answer back could hide a logout.
            if iat < self.read(|known| known.iat) {
                return Err("the list is older than the one before".into());
            }
            self.write(|known| {
                known.iat = iat;
                known.ended.retain(|_, at| at.elapsed() < REMEMBERED);
                known.ended.extend(sids.into_iter().map(|sid| (sid, asked)));
                known.revoked = kids.into_iter().collect();
                // Half of what was told is not known.
                known.heard_at = if more { known.heard_at } else { Some(asked) };
            });
            since = next;
            if !more {
                return Ok(since);
            }
        }
    }

    /// A list, if auth-server has signed it.
    fn list(&self, text: &str, issuer: &str) -> Result<List, Fault> {
        let (algorithm, key) = self.key(text).ok_or("the list is signed with a key that is not published")?;
        let mut rules = Validation::new(algorithm);
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss"]);
        rules.set_issuer(&[issuer]);
        let list = decode::<List>(text, &key, &rules)?;
        if list.header.typ.as_deref() == Some("revocations+jwt") { Ok(list.claims) } else { Err("that is no list".into()) }
    }

    /// The published key that a token names. What else its header says is nobody's business.
    pub fn key(&self, token: &str) -> Option<(Algorithm, DecodingKey)> {
        let Ok(header) = decode_header(token) else { return None };
        let kid = header.kid?;
        self.read(|known| known.keys.get(&kid).filter(|_| !known.revoked.contains(&kid)).cloned())
    }

    /// Whether a session has ended; `None` where that is not known any more.
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

/// Only what is for signatures, each with the one algorithm that it is for.
fn keys(set: &JwkSet) -> HashMap<String, (Algorithm, DecodingKey)> {
    let usable = set.keys.iter().filter_map(|jwk| {
        let Ok(algorithm) = jwk.common.key_algorithm?.to_string().parse() else { return None };
        let Ok(key) = DecodingKey::from_jwk(jwk) else { return None };
        Some((jwk.common.key_id.clone()?, (algorithm, key)))
    });
    usable.collect()
}
