//! The form in which a password is kept.

/// A password hash; its text says how to verify it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Shows the type in the place of its value, which must not appear in a log.
macro_rules! redacted {
    ($($secret:ident),+) => {$(
        impl std::fmt::Debug for $secret {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($secret), "(redacted)"))
            }
        }
    )+};
}

pub(crate) use redacted;
