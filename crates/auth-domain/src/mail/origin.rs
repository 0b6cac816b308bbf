//! Of where something was done from: what the server itself knows. The client's own text never gets into a mail, for it could be a
//! link.

use std::{fmt, str::FromStr};

use super::agent::{self, Browser, System};
use crate::identity::request_context::{Network, RequestContext};

/// Where something was done from, as a mail may say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    pub network: Option<Network>,
    pub browser: Option<Browser>,
    pub system: Option<System>,
}

/// The text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a network, a browser and a system, with `;` between two")]
pub struct NoOrigin;

impl Origin {
    #[must_use]
    pub fn of(context: &RequestContext) -> Self {
        let agent = context.user_agent.as_ref();
        Self { network: context.network(), browser: agent.and_then(agent::browser), system: agent.and_then(agent::system) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = self.network.map(|network| network.to_string()).unwrap_or_default();
        let (browser, system) = (self.browser.map_or("", Browser::name), self.system.map_or("", System::name));
        write!(f, "{network};{browser};{system}")
    }
}

impl FromStr for Origin {
    type Err = NoOrigin;

    /// A browser or system that only a later release knows is none.
    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let (network, agent) = text.split_once(';').ok_or(NoOrigin)?;
        let (browser, system) = agent.split_once(';').ok_or(NoOrigin)?;
        let network = match network.split_once('/') {
            Some((address, _bits)) => Some(Network::of(address.parse().map_err(|_not_one| NoOrigin)?)),
            None if network.is_empty() => None,
            None => return Err(NoOrigin),
        };
        Ok(Self { network, browser: Browser::from_name(browser), system: System::from_name(system) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Browser, NoOrigin, Origin, System};
    use crate::testkit::samples::context;

    #[test]
    fn an_origin_is_read_as_it_is_written() {
        let network = context().network();
        for network in [network, None] {
            for browser in Browser::ALL.into_iter().map(Some).chain([None]) {
                for system in System::ALL.into_iter().map(Some).chain([None]) {
                    let origin = Origin { network, browser, system };
                    assert_eq!(origin.to_string().parse(), Ok(origin));
                }
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", ";", "10.0.0.1;;", "x/24;;"] {
            assert_eq!(text.parse::<Origin>(), Err(NoOrigin), "{text}");
        }
    }
}
