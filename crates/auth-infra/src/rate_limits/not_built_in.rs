//! What stands for the limiter in a build without it: nothing that there could be one of.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use auth_domain::{
    identity::port_error::PortError,
    rate_limits::{
        client_key::ClientKey,
        ports::{Decision, SharedRateLimiter},
        rate_limit::RateLimit,
    },
};
use prometheus::Registry;

use super::RateLimitUrlFault;

#[derive(Debug, Clone)]
pub enum RateLimitUrl {}

pub enum RedisRateLimiter {}

impl FromStr for RateLimitUrl {
    type Err = RateLimitUrlFault;

    fn from_str(_text: &str) -> Result<Self, RateLimitUrlFault> {
        Err(RateLimitUrlFault::NotBuiltIn)
    }
}

impl fmt::Display for RateLimitUrl {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl RateLimitUrl {
    #[must_use]
    pub fn travels_in_clear(&self) -> bool {
        match *self {}
    }
}

impl RedisRateLimiter {
    /// # Errors
    /// Never.
    pub fn new(url: &RateLimitUrl, _secret: &[u8]) -> Result<Self, String> {
        match *url {}
    }

    /// # Errors
    /// Never.
    pub fn register(&self, _registry: &Registry) -> prometheus::Result<()> {
        match *self {}
    }
}

#[async_trait]
impl SharedRateLimiter for RedisRateLimiter {
    async fn count(&self, _budget: &str, _client: ClientKey, _limit: RateLimit) -> Result<Decision, PortError> {
        match *self {}
    }

    async fn maintain(&self) -> Result<(), PortError> {
        match *self {}
    }
}
