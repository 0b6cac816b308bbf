//! Ways to authenticate, by name.

use std::{fmt, str::FromStr};

use crate::identity::named::named;

named! {
    /// A way to authenticate the owner of an account.
    Method {
        Password = "password",
        /// A time-based one-time password (RFC 6238).
        Totp = "totp",
        Passkey = "passkey",
        RecoveryCode = "recovery_code",
    }
}

/// The methods that an account offers besides its password. With none, a password alone is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecondFactors(Vec<Method>);

/// The text names something that is no second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be names of second factors with one space between two")]
pub struct NoFactors;

impl SecondFactors {
    /// Each of them once, in the order of [`Method`]. A recovery code stands in for a factor that is lost, so there is none without a factor.
    #[must_use]
    pub fn of(totp: bool, passkey: bool, recovery_code: bool) -> Self {
        let recovery_code = recovery_code && (totp || passkey);
        let offered = [(totp, Method::Totp), (passkey, Method::Passkey), (recovery_code, Method::RecoveryCode)];
        Self(offered.into_iter().filter_map(|(is_there, method)| is_there.then_some(method)).collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.0
    }

    #[must_use]
    pub fn has(&self, method: Method) -> bool {
        self.0.contains(&method)
    }
}

impl fmt::Display for SecondFactors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&names(&self.0))
    }
}

impl FromStr for SecondFactors {
    type Err = NoFactors;

    fn from_str(text: &str) -> Result<Self, NoFactors> {
        let methods: Option<Vec<_>> = text.split(' ').map(Method::from_name).collect();
        let methods = methods.filter(|methods| !methods.contains(&Method::Password)).ok_or(NoFactors)?;
        Ok(Self(methods))
    }
}

/// The names of methods, one space between two.
#[must_use]
pub fn names(methods: &[Method]) -> String {
    methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(" ")
}
