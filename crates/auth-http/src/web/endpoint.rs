//! An endpoint: a path, the methods it takes with what each of them refuses, and what it needs of the layers.

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route, guard,
    http::Method,
    web::{self, ServiceConfig},
};

use super::{
    media::Media,
    problem::{Code, Problem},
};

/// What an endpoint needs of the layers before and after its handler. It has no default: whoever adds an endpoint says what it
/// draws on, what a body has to be, and how it is read. Freshness is not among the needs, because the methods of one path differ in it: the handler's
/// argument demands it (`FreshUser`, `Fresh`).
///
/// ```
/// use auth_http::web::{endpoint::{Budget, Endpoint, Intake, Needs}, media::Media};
///
/// let needs = Needs { budget: Some(Budget::General), media: Media::Json, body: Intake::Whole, probe: false, cached: false };
/// drop(Endpoint::at("/auth/example", "accounts", needs));
/// ```
///
/// Without a budget this does not compile:
///
/// ```compile_fail,E0063
/// use auth_http::web::{endpoint::{Endpoint, Intake, Needs}, media::Media};
///
/// let needs = Needs { media: Media::Json, body: Intake::Whole, probe: false, cached: false };
/// drop(Endpoint::at("/auth/example", "accounts", needs));
/// ```
///
/// Nor does it without a media type:
///
/// ```compile_fail,E0063
/// use auth_http::web::endpoint::{Budget, Endpoint, Intake, Needs};
///
/// let needs = Needs { budget: Some(Budget::General), body: Intake::Whole, probe: false, cached: false };
/// drop(Endpoint::at("/auth/example", "accounts", needs));
/// ```
///
/// Nor does it without a word on how a body is read:
///
/// ```compile_fail,E0063
/// use auth_http::web::{endpoint::{Budget, Endpoint, Needs}, media::Media};
///
/// let needs = Needs { budget: Some(Budget::General), media: Media::Json, body: Intake::Whole, probe: false, cached: false };
/// drop(Endpoint::at("/auth/example", "accounts", needs));
/// ```
///
/// Nor without any needs:
///
/// ```compile_fail,E0061
/// use auth_http::web::endpoint::Endpoint;
///
/// drop(Endpoint::at("/auth/example", "accounts"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Which budget it draws on; `None` for what is never refused: probes, and documents that are served from memory.
    pub budget: Option<Budget>,
    /// What a body has to be.
    pub media: Media,
    /// How a body is read.
    pub body: Intake,
    /// A probe is always answered: no check of origin, media type or size.
    pub probe: bool,
    /// Clients may keep its answers, as its handler says. All other answers are `no-store`, whatever their handlers say.
    pub cached: bool,
}

/// Health checks.
pub(crate) const PROBE: Needs = Needs { budget: None, media: Media::Json, body: Intake::Whole, probe: true, cached: false };

/// Public documents from memory.
pub(crate) const PUBLISHED: Needs = Needs { budget: None, media: Media::Json, body: Intake::Whole, probe: false, cached: true };

/// Pages from memory that have to fit the server as it is now: nobody keeps them.
pub(crate) const PAGE: Needs = Needs { cached: false, ..PUBLISHED };

pub(crate) const fn json(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::Json, body: Intake::Whole, probe: false, cached: false }
}

pub(crate) const fn form(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::Form, body: Intake::Whole, probe: false, cached: false }
}

/// Where PATCH takes a merge patch. Other methods of the path say themselves that they take JSON alone.
pub(crate) const fn merge_patch(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::MergePatch, body: Intake::Whole, probe: false, cached: false }
}

/// Where an endpoint reads lines as they come, however many there are.
pub(crate) const fn lines(budget: Budget) -> Needs {
    Needs { budget: Some(budget), media: Media::Lines, body: Intake::Streamed, probe: false, cached: false }
}

/// How the body of a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Before the handler is asked: whole, within `MAX_REQUEST_BODY_SIZE` and `REQUEST_TIMEOUT_SECONDS`.
    Whole,
    /// By the handler, once it knows that the caller may ([`Upload`](super::upload::Upload)). It may be of any size and take any time:
    /// the handler bounds what it holds of it, and `REQUEST_TIMEOUT_SECONDS` counts between reads.
    Streamed,
}

impl Needs {
    /// The same, with answers that clients may keep.
    pub(crate) const fn cached(self) -> Self {
        Self { cached: true, ..self }
    }
}

/// Which budget a request draws on: its route says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Logins, registrations, and everything else.
    General,
    /// Requests with a token.
    Sessions,
    /// Resource servers: introspection, once for each request that they get themselves, and the list of revocations. Refused
    /// credentials draw on it, too: nobody guesses 256 random bits, and one server with an outdated secret must not block others
    /// behind its address.
    Introspection,
    /// What administrators do, and clients that get tokens of their own.
    Admin,
    /// The grant decides, which only the body names: `Admin` for a client's own token, `Sessions` for everything else that comes to the
    /// token endpoint.
    ByGrant,
}

/// A path, and all that there is to say of it.
pub struct Endpoint {
    pub path: &'static str,
    /// Under which heading the API document has it.
    pub tag: &'static str,
    pub needs: Needs,
    pub operations: Vec<Operation>,
    resource: Resource,
}

/// What an endpoint does with a method.
pub struct Operation {
    pub method: Method,
    /// The problems that its handler makes. Those of the layers and the extractors follow from the needs.
    pub problems: &'static [Code],
}

impl Endpoint {
    #[must_use]
    pub fn at(path: &'static str, tag: &'static str, needs: Needs) -> Self {
        Self { path, tag, needs, operations: Vec::new(), resource: web::resource(path) }
    }

    /// GET, and HEAD with it (RFC 9110 section 9.3.2).
    pub(crate) fn get<F, A>(self, handler: F, problems: &'static [Code]) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.takes(Method::GET, problems, web::route().guard(either).to(handler))
    }

    pub(crate) fn post<F, A>(self, handler: F, problems: &'static [Code]) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        self.takes(Method::POST, problems, web::post().to(handler))
    }

    pub(crate) fn patch<F, A>(self, handler: F, problems: &'static [Code]) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        self.takes(Method::PATCH, problems, web::patch().to(handler))
    }

    pub(crate) fn delete<F, A>(self, handler: F, problems: &'static [Code]) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        self.takes(Method::DELETE, problems, web::delete().to(handler))
    }

    fn takes(mut self, method: Method, problems: &'static [Code], route: Route) -> Self {
        self.operations.push(Operation { method, problems });
        Self { resource: self.resource.route(route), ..self }
    }

    /// Registers it. A method that it does not take is 405 with `Allow`; a path that takes none is not there.
    pub(crate) fn register(self, config: &mut ServiceConfig) {
        if self.operations.is_empty() {
            config.service(self.resource.default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) })));
            return;
        }
        let names = self.operations.iter().map(|operation| match operation.method {
            Method::GET => "GET, HEAD",
            ref method => method.as_str(),
        });
        let allow = names.collect::<Vec<_>>().join(", ");
        let refuse = move || {
            let problem = Problem::method_not_allowed(allow.clone());
            async move { Err::<&str, _>(problem) }
        };
        config.service(self.resource.default_service(web::to(refuse)));
    }
}
