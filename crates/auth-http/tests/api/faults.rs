//! Faults: what breaks around the program, and what clients must hear of it: the answer or 503, never a wrong "no".

mod defaults;
mod disk;
#[cfg(feature = "mysql")]
mod failover;
#[cfg(feature = "mysql")]
mod galera;
mod hang;
mod kill;
pub(crate) mod outage;
mod pool;
mod pooler;
mod standby;
mod stop;
