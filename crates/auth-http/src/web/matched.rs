//! Which route a request is for. Found once, by the path as actix routes it: the request may spell it otherwise.

use std::collections::HashMap;

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest};

use super::endpoint::{Budget, Endpoint, Needs, json};

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matched {
    /// As `routes.rs` writes the path; `None` where there is no route.
    pub template: Option<&'static str>,
    pub needs: Needs,
}

/// What is no route is a 404, and draws on the budget of logins: no spelling of a path may be worth more tries than another.
const UNMATCHED: Matched = Matched { template: None, needs: json(Budget::General) };

/// What each route needs. `routes::configure` hands it to the layers, so that they do not know the routes.
pub(crate) struct RouteTable(HashMap<&'static str, Needs>);

impl RouteTable {
    #[must_use]
    pub(crate) fn of(endpoints: &[Endpoint]) -> Self {
        Self(endpoints.iter().map(|endpoint| (endpoint.path, endpoint.needs)).collect())
    }

    /// The route of a template.
    #[cfg(test)]
    pub(crate) fn named(&self, template: &str) -> Matched {
        self.known(template).unwrap_or(UNMATCHED)
    }

    fn known(&self, template: &str) -> Option<Matched> {
        let known = self.0.get_key_value(template);
        known.map(|(template, needs)| Matched { template: Some(template), needs: *needs })
    }
}

impl Matched {
    /// Finds the route of a request. For the outermost layer, which leaves it in the request's extensions.
    #[must_use]
    pub(crate) fn find(request: &ServiceRequest) -> Self {
        // `ServiceRequest::match_pattern` goes by the path as the client spells it; the router by this one.
        let path = request.match_info().as_str();
        let Some(table) = request.app_data::<RouteTable>() else { return UNMATCHED };
        // A path that reads like a template is routed to it (the tests of the routes say so): no need to try the others first.
        let template = || table.known(&request.resource_map().match_pattern(path)?);
        table.known(path).or_else(template).unwrap_or(UNMATCHED)
    }

    /// The route that the outermost layer found.
    #[must_use]
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or(UNMATCHED)
    }
}
