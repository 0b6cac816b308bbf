//! Rate limits: where all servers count together.

pub use auth_infra::rate_limits::RateLimitUrl;

use super::reader::Reader;

/// Where all servers count; `Some(None)`: each for itself. `None` is a fault.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<RateLimitUrl>> {
    reader.optional_parsed("RATE_LIMIT_URL")
}
