//! Where requests are counted, and whether what counts for all servers can be reached.

use std::fmt::Display;

use auth_domain::rate_limits::ports::SharedRateLimiter;

use super::{CommandError, finding::Finding};
use crate::{app::ports::shared_limiter, cli::command::block_on, settings::Settings};

const TOPIC: &str = "rate limit";

/// Connects, and counts once on a budget that nobody draws on.
///
/// # Errors
/// There is no certificate to trust; the settings have been checked for that.
pub(crate) fn of_rate_limits(settings: &Settings) -> Result<Vec<Finding>, CommandError> {
    let limiter = shared_limiter(settings).map_err(|fault| CommandError::Settings(vec![fault]))?;
    let (Some(url), Some(limiter)) = (&settings.rate_limit_url, limiter) else {
        return Ok(vec![Finding::fine(TOPIC, "each server counts by itself: RATE_LIMIT_URL is unset")]);
    };
    let in_clear = url.travels_in_clear().then(|| {
        Finding::mind(TOPIC, format!("{url} is asked without TLS: passwords and counts travel in the clear; use rediss://"))
    });
    Ok(in_clear.into_iter().chain([of_look(url, block_on(limiter.maintain()))]).collect())
}

/// What came of looking for the store.
fn of_look(url: &impl Display, found: Result<(), impl Display>) -> Finding {
    match found {
        Ok(()) => Finding::fine(TOPIC, format!("all servers count in {url}, which answers")),
        Err(fault) => Finding::mind(TOPIC, format!("{url} cannot count: {fault}. Until it does, each server counts by itself")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read;

    fn told(variables: &[(&str, &str)]) -> Vec<String> {
        let findings = of_rate_limits(&read(variables).unwrap()).unwrap();
        findings.iter().map(|finding| finding.shown(false).to_string()).collect()
    }

    #[test]
    fn without_a_store_each_server_counts_by_itself() {
        assert_eq!(told(&[]), ["✓ rate limit     each server counts by itself: RATE_LIMIT_URL is unset"]);
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_store_that_cannot_be_reached_keeps_no_server_from_starting() {
        // Nobody listens there any more.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let [found] = &told(&[("RATE_LIMIT_URL", &format!("redis://:hush@127.0.0.1:{port}"))])[..] else { panic!("one finding") };
        assert!(found.starts_with(&format!("! rate limit     redis://127.0.0.1:{port} cannot count: ")), "{found}");
        assert!(found.ends_with("Until it does, each server counts by itself") && !found.contains("hush"), "{found}");
    }

    #[test]
    fn what_answers_is_fine() {
        let found = of_look(&"redis://127.0.0.1:6379", Ok::<(), &str>(()));
        assert_eq!(found, Finding::fine(TOPIC, "all servers count in redis://127.0.0.1:6379, which answers"));
    }
}
