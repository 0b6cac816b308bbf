//! Refusals while every hashing thread is taken. Clients that come back at once would take the cores from those threads, so only some
//! refusals a second are sent at once, and one is logged.

use std::{num::NonZeroU32, time::Duration};

use actix_web::{Error, dev::ServiceResponse, rt::time::sleep, web::Data};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::access_log::AccessLogEntry;
use crate::web::problem::{Code, Problem};

/// How many refusals a second are sent at once, by all workers together.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// How long the others wait: less than any `Retry-After`.
const PAUSE: Duration = Duration::from_millis(100);

/// How many refusals a second are logged.
const LOGGED: NonZeroU32 = NonZeroU32::MIN;

/// The refusals of a server.
pub(crate) struct Refusals {
    at_once: DefaultDirectRateLimiter,
    logged: DefaultDirectRateLimiter,
}

impl Default for Refusals {
    fn default() -> Self {
        let limit = |each_second| RateLimiter::direct(Quota::per_second(each_second));
        Self { at_once: limit(AT_ONCE), logged: limit(LOGGED) }
    }
}

/// Lets an answer wait if it is one refusal among many. By then the request is over: its connection can be asked to leave.
pub(crate) async fn pace(answered: &Result<ServiceResponse, Error>, entry: &mut AccessLogEntry) {
    let Ok(response) = answered else { return };
    let problem = response.response().error().and_then(Error::as_error::<Problem>);
    if problem.is_none_or(|problem| problem.code() != Code::Overloaded) {
        return;
    }
    let Some(refusals) = response.request().app_data::<Data<Refusals>>() else { return };
    if refusals.logged.check().is_err() {
        entry.is_one_of_many();
    }
    if refusals.at_once.check().is_err() {
        sleep(PAUSE).await;
    }
}
