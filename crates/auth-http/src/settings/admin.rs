//! Administration: whether there is an API for it, and who may use it.

use super::reader::Reader;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminSettings {
    /// Whether there are the paths under `/admin` and `/console`.
    pub api: bool,
    /// Whether people who administer need a second factor.
    pub require_factor: bool,
}

impl AdminSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let switch = [("true", true), ("false", false)];
        Self {
            api: reader.choice("ADMIN_API", &switch).unwrap_or(false),
            require_factor: reader.choice("ADMIN_REQUIRE_MFA", &switch).unwrap_or(true),
        }
    }
}
