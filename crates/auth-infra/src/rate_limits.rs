//! Budgets that all servers share, in Redis or Valkey. Without the feature `redis` there is no URL to one.

#[cfg(feature = "redis")]
mod limiter;
#[cfg(feature = "redis")]
mod link;
#[cfg(not(feature = "redis"))]
mod not_built_in;
#[cfg(feature = "redis")]
mod url;

#[cfg(feature = "redis")]
pub use self::limiter::RedisRateLimiter;
#[cfg(not(feature = "redis"))]
pub use self::not_built_in::{RateLimitUrl, RedisRateLimiter};
#[cfg(feature = "redis")]
pub use self::url::RateLimitUrl;

/// The rule that a `RATE_LIMIT_URL` breaks. It never repeats any of it, since there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateLimitUrlFault {
    #[error("needs the feature `redis`, which is not built in: cargo build --no-default-features --features full")]
    NotBuiltIn,
    #[error(
        "must be redis://[[user]:password@]host[:6379][/0] or rediss://…; in user and password, percent-encode what is no letter \
         or digit"
    )]
    Malformed,
    #[error("must name a host: a name in ASCII, or an address")]
    Host,
    #[error("must have no user without a password, and no control character in either")]
    Login,
    #[error("must name a database by its number, such as /0; a cluster has no other")]
    Database,
    #[error(
        "takes no parameters but cluster=true and, with rediss://, ca=PATH, each once; percent-encode ? and # in the password"
    )]
    Parameter,
}
