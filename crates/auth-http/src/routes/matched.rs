//! Which route a request is for, and what the layers ask of it. Found once, by the path as actix routes it: the request may spell
//! it otherwise.

use std::{collections::HashMap, sync::LazyLock};

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest};

use super::endpoints;
use crate::middleware::{rate_limit::Budget, request_body::Media};

/// What the layers ask of a request before its handler runs. Each endpoint declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Which budget it draws on; `None` for what is never refused: probes, and documents that are served from memory.
    pub budget: Option<Budget>,
    /// What a body has to be.
    pub media: Media,
    /// A probe is always answered: no check of origin, media type or size.
    pub probe: bool,
}

/// Health checks.
pub(super) const PROBE: Needs = Needs { budget: None, media: Media::Json, probe: true };

/// Public documents from memory.
pub(super) const PUBLISHED: Needs = Needs { budget: None, media: Media::Json, probe: false };

pub(super) const fn json(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::Json, probe: false }
}

pub(super) const fn form(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::Form, probe: false }
}

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matched {
    /// As `routes.rs` writes the path; `None` where there is no route.
    pub template: Option<&'static str>,
    pub needs: Needs,
}

/// What is no route is a 404, and draws on the budget of logins: no spelling of a path may be worth more tries than another.
const UNMATCHED: Matched = Matched { template: None, needs: json(Budget::General) };

impl Matched {
    /// Finds the route of a request. For the outermost layer, which leaves it in the request's extensions.
    #[must_use]
    pub(crate) fn find(request: &ServiceRequest) -> Self {
        // `ServiceRequest::match_pattern` goes by the path as the client spells it; the router by this one.
        let template = request.resource_map().match_pattern(request.match_info().as_str());
        template.map_or(UNMATCHED, |template| Self::named(&template))
    }

    /// The route that the outermost layer found.
    #[must_use]
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or(UNMATCHED)
    }

    /// The route of a template.
    #[must_use]
    pub(crate) fn named(template: &str) -> Self {
        static ALL: LazyLock<HashMap<&'static str, Needs>> =
            LazyLock::new(|| endpoints().into_iter().map(|endpoint| (endpoint.path, endpoint.needs)).collect());
        let known = ALL.get_key_value(template);
        known.map_or(UNMATCHED, |(template, needs)| Self { template: Some(template), needs: *needs })
    }
}

#[cfg(test)]
mod tests;
