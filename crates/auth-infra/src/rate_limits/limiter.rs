//! Counts in the store while it answers, and knows when it does not.

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    thread::{self, ThreadId},
    time::Duration,
};

use async_trait::async_trait;
use auth_domain::{
    identity::port_error::PortError,
    rate_limits::{
        client_key::ClientKey,
        ports::{Decision, SharedRateLimiter},
        rate_limit::RateLimit,
    },
};
use aws_lc_rs::hmac::{self, Key};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::RwLock;
use prometheus::{IntCounter, IntGauge, Registry};
use redis::RedisResult;
use tokio::time::timeout;

use super::{
    link::{Link, Store, told},
    url::RateLimitUrl,
};
use crate::derived_key::hmac_key;

/// How long a client's request waits for the store.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long a connection takes at most. No request waits for it.
const CONNECT: Duration = Duration::from_secs(1);

/// What the key is for.
const LABEL: &[u8] = b"auth-server shared budgets v1";

/// How much of an HMAC names a client (RFC 2104 section 5 asks for half of it at least).
const TAG_BYTES: usize = 16;

/// What a new connection has to prove: that it can count. Nobody draws on this budget.
const TRIAL: (&str, RateLimit) = ("trial", RateLimit { requests: 1000, window: Duration::from_secs(1) });

/// Counts in Redis or Valkey.
pub struct RedisRateLimiter {
    store: Arc<Store>,
    shown: String,
    tags: Key,
    standing: Arc<RwLock<Standing>>,
    shared: IntGauge,
    alone: IntCounter,
}

#[derive(Default)]
struct Standing {
    /// None while the store is away.
    link: Option<Arc<Link>>,
    /// Those of threads that serve requests, so that no answer has to wake another thread on its way. None while it is made.
    own: HashMap<ThreadId, Option<Arc<Link>>>,
    /// Whether the log has been told that it is.
    told: bool,
    /// Whose count failed last: a cluster is there when that one's part of it is.
    failed: String,
}

impl RedisRateLimiter {
    /// Connects to nothing yet: [`maintain`](SharedRateLimiter::maintain) does. Keys hold no addresses: clients are named by an HMAC,
    /// with a key that HKDF takes from the secret of refresh tokens, which all servers have.
    ///
    /// # Errors
    /// There is no certificate to trust, or the library cannot derive the key; why.
    pub fn new(url: &RateLimitUrl, secret: &[u8]) -> Result<Self, String> {
        let named = |fault: prometheus::Error| fault.to_string();
        Ok(Self {
            store: Arc::new(Store::at(url, PATIENCE)?),
            shown: url.to_string(),
            tags: hmac_key(secret, LABEL).map_err(|fault| fault.to_string())?,
            standing: Arc::default(),
            shared: IntGauge::new(
                "auth_rate_limits_shared",
                "1 while budgets are counted for all servers in RATE_LIMIT_URL, 0 while this server counts by itself.",
            )
            .map_err(named)?,
            alone: IntCounter::new(
                "auth_rate_limits_counted_alone_total",
                "Requests that this server counted by itself because RATE_LIMIT_URL did not answer.",
            )
            .map_err(named)?,
        })
    }

    /// # Errors
    /// The registry has the metrics already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.shared.clone()))?;
        registry.register(Box::new(self.alone.clone()))
    }

    /// What the store calls a client.
    fn tag(&self, client: ClientKey) -> String {
        let tag = match client {
            ClientKey::V4(address) => hmac::sign(&self.tags, &address.octets()),
            ClientKey::V6(network) => hmac::sign(&self.tags, &network),
        };
        let tag: Vec<u8> = tag.as_ref().iter().copied().take(TAG_BYTES).collect();
        URL_SAFE_NO_PAD.encode(tag)
    }

    fn link(&self) -> Option<Arc<Link>> {
        self.standing.read().link.clone()
    }

    /// The thread's own, once it is made. Until then that of all.
    fn link_here(&self) -> Option<Arc<Link>> {
        let here = thread::current().id();
        let standing = self.standing.read();
        match standing.own.get(&here) {
            Some(Some(own)) => Some(own.clone()),
            Some(None) => standing.link.clone(),
            None => {
                let link = standing.link.clone();
                drop(standing);
                if let Some(link) = &link {
                    self.make_own(here, link.clone());
                }
                link
            }
        }
    }

    /// Connects in the background, to stay with the link of all if that fails.
    fn make_own(&self, here: ThreadId, link: Arc<Link>) {
        self.standing.write().own.insert(here, None);
        let (store, standing) = (self.store.clone(), self.standing.clone());
        tokio::spawn(async move {
            let Ok(own) = within(CONNECT, store.connect()).await else { return };
            let mut standing = standing.write();
            if standing.link.as_ref().is_some_and(|current| Arc::ptr_eq(current, &link)) {
                standing.own.insert(here, Some(Arc::new(own)));
            }
        });
    }

    /// A link is there that has just counted.
    fn found(&self, link: Link) {
        *self.standing.write() = Standing { link: Some(Arc::new(link)), ..Standing::default() };
        self.shared.set(1);
        tracing::info!(store = self.shown, "budgets are shared with all servers");
    }

    /// A link gave no answer, of this client if it was asked for one. A link that has been replaced since says nothing of the store.
    fn lose(&self, link: Option<&Arc<Link>>, client: Option<String>, fault: &str) {
        let mut standing = self.standing.write();
        let is_current = match (&standing.link, link) {
            (Some(current), Some(link)) => {
                Arc::ptr_eq(current, link) || standing.own.values().flatten().any(|own| Arc::ptr_eq(own, link))
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_current {
            return;
        }
        let tell = !standing.told;
        let failed = client.unwrap_or_else(|| mem::take(&mut standing.failed));
        *standing = Standing { told: true, failed, ..Standing::default() };
        drop(standing);
        self.shared.set(0);
        if tell {
            tracing::warn!(
                store = self.shown,
                fault,
                "budgets are not shared: this server counts by itself until the store is back"
            );
        }
    }

    async fn connect(&self) -> Result<Link, String> {
        let link = within(CONNECT, self.store.connect()).await?;
        within(PATIENCE, link.ping()).await?;
        let failed = self.standing.read().failed.clone();
        let (budget, limit) = TRIAL;
        let _either = within(PATIENCE, link.count(&key(budget, &failed), limit)).await?;
        Ok(link)
    }
}

#[async_trait]
impl SharedRateLimiter for RedisRateLimiter {
    async fn count(&self, budget: &str, client: ClientKey, limit: RateLimit) -> Result<Decision, PortError> {
        let Some(link) = self.link_here() else {
            self.alone.inc();
            return Err(PortError::Unavailable("it is away".to_owned()));
        };
        let tag = self.tag(client);
        let counted = within(PATIENCE, link.count(&key(budget, &tag), limit)).await;
        counted.map_err(|fault| {
            self.alone.inc();
            self.lose(Some(&link), Some(tag), &fault);
            PortError::Unavailable(fault)
        })
    }

    async fn maintain(&self) -> Result<(), PortError> {
        let link = self.link();
        let answered = match &link {
            Some(link) => within(PATIENCE, link.ping()).await,
            None => self.connect().await.map(|link| self.found(link)),
        };
        answered.map_err(|fault| {
            self.lose(link.as_ref(), None, &fault);
            PortError::Unavailable(fault)
        })
    }
}

/// A cluster keeps together what has the same braces: all budgets of a client.
fn key(budget: &str, tag: &str) -> String {
    format!("auth-server:{budget}:{{{tag}}}")
}

async fn within<T>(patience: Duration, asked: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
    match timeout(patience, asked).await {
        Ok(answer) => answer.map_err(|fault| told(&fault)),
        Err(_elapsed) => Err(format!("no answer within {} ms", patience.as_millis())),
    }
}
