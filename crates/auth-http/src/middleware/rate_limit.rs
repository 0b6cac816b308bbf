//! Rate limits by client: governor's GCRA, a burst that is refilled evenly, and above it what counts for all servers, where there is
//! such a thing. docs/decisions.md says why not actix-governor, and why both count.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName},
    web::Data,
};
use auth_domain::{
    audit::{event::AuditEvent, kind::EventKind},
    identity::request_context::RequestContext,
    rate_limits::{
        client_key::ClientKey,
        ports::{Decision, SharedRateLimiter},
    },
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use super::{Answered, request_body::body_ahead};
use crate::{
    app::use_cases::UseCases,
    settings::{HttpSettings, RateLimit},
    web::{
        endpoint::Budget,
        json_body::RawBody,
        matched::Matched,
        oauth_form::{Form, Grant},
        problem::{Code, Problem, whole_seconds},
    },
};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How often keys with a full budget are dropped.
const SWEEP: Duration = Duration::from_secs(1);

/// All limits of a server, shared by its workers.
pub(crate) struct Limiters {
    shared: Option<Arc<dyn SharedRateLimiter>>,
    general: Limiter,
    /// Where requests with a token have a budget of their own.
    sessions: Option<Limiter>,
    introspection: Limiter,
    admin: Limiter,
}

struct Limiter {
    /// What the shared store calls it.
    budget: &'static str,
    limit: RateLimit,
    buckets: RateLimiter<ClientKey, DefaultKeyedStateStore<ClientKey>, DefaultClock, StateInformationMiddleware>,
    /// How many clients there were at the last sweep.
    clients: AtomicUsize,
}

/// What a client may know of its budget, in requests and seconds.
struct BudgetState {
    limit: u32,
    remaining: u32,
    /// Until the budget is full again or, for a refused request, until the next one passes.
    reset: u64,
}

impl Limiters {
    /// `None` for a limit of zero, which settings do not allow.
    #[must_use]
    pub(crate) fn new(settings: &HttpSettings, shared: Option<Arc<dyn SharedRateLimiter>>) -> Option<Self> {
        let sessions = match settings.session_rate_limit {
            Some(limit) => Some(Limiter::new("sessions", limit)?),
            None => None,
        };
        Some(Self {
            shared,
            general: Limiter::new("general", settings.rate_limit)?,
            sessions,
            introspection: Limiter::new("introspection", settings.introspection_rate_limit)?,
            admin: Limiter::new("admin", settings.admin_rate_limit)?,
        })
    }

    fn of(&self, budget: Budget) -> &Limiter {
        match budget {
            Budget::General => &self.general,
            // Until its grant is known.
            Budget::Sessions | Budget::ByGrant => self.sessions.as_ref().unwrap_or(&self.general),
            Budget::Introspection => &self.introspection,
            Budget::Admin => &self.admin,
        }
    }

    /// Drops keys whose budget is full again; the limiter itself never does. Never returns.
    pub(crate) async fn sweep(limiters: Data<Self>) {
        loop {
            tokio::time::sleep(SWEEP).await;
            [&limiters.general, &limiters.introspection, &limiters.admin]
                .into_iter()
                .chain(&limiters.sessions)
                .for_each(Limiter::sweep);
        }
    }
}

impl Limiter {
    fn new(budget: &'static str, limit: RateLimit) -> Option<Self> {
        let burst = NonZeroU32::new(limit.requests)?;
        let quota = Quota::with_period(limit.window / limit.requests)?.allow_burst(burst);
        let buckets = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Some(Self { budget, limit, buckets, clients: AtomicUsize::new(0) })
    }

    fn sweep(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
        self.clients.store(self.buckets.len(), Ordering::Relaxed);
    }

    /// Counts a request, for all servers if it can be done.
    ///
    /// What passes by the shared count is counted here as well: when the store goes away, or comes back empty, nobody gets a budget
    /// anew from a server that has seen it spent.
    ///
    /// # Errors
    /// How long to wait.
    async fn count(&self, shared: Option<&dyn SharedRateLimiter>, address: IpAddr) -> Result<BudgetState, Duration> {
        let client = ClientKey::of(address, self.clients.load(Ordering::Relaxed));
        let Some(shared) = shared else { return self.count_alone(client) };
        match shared.count(self.budget, client, self.limit).await {
            Ok(Decision::Allowed { remaining }) => self.count_alone(client).map(|_alone| self.state(remaining)),
            Ok(Decision::Refused { retry_after }) => Err(retry_after),
            Err(_away) => self.count_alone(client),
        }
    }

    fn count_alone(&self, client: ClientKey) -> Result<BudgetState, Duration> {
        match self.buckets.check_key(&client) {
            Ok(state) => Ok(self.state(state.remaining_burst_capacity())),
            Err(refused) => Err(refused.wait_time_from(DefaultClock::default().now())),
        }
    }

    fn state(&self, remaining: u32) -> BudgetState {
        let RateLimit { requests: limit, window } = self.limit;
        let full = window / limit * limit.saturating_sub(remaining);
        BudgetState { limit, remaining, reset: whole_seconds(full) }
    }
}

impl BudgetState {
    /// The fields of draft-ietf-httpapi-ratelimit-headers-03.
    fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, self.reset.into());
    }
}

/// Counts a request, and answers it when there are too many.
///
/// # Errors
/// What `next` returns.
pub(crate) async fn limit(mut request: ServiceRequest, next: impl AsyncFnOnce(ServiceRequest) -> Answered) -> Answered {
    let limiters = request.app_data::<Data<Limiters>>().cloned();
    let budget = budget_of(&mut request).await;
    let (Some(limiters), Some(budget)) = (limiters, budget) else {
        return next(request).await;
    };
    let limiter = limiters.of(budget);
    // A connection without an address is no TCP connection; all of them share one budget.
    let address = request.extensions().get::<RequestContext>().and_then(|context| context.address);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let (mut response, state) = match limiter.count(limiters.shared.as_deref(), address).await {
        Ok(state) => (next(request).await?, state),
        Err(wait) => {
            report(&request);
            let state = BudgetState { limit: limiter.limit.requests, remaining: 0, reset: whole_seconds(wait) };
            let problem = Problem::new(Code::RateLimited).retry_after(wait);
            (request.error_response(problem), state)
        }
    };
    state.write(response.headers_mut());
    Ok(response)
}

/// What a request draws on. Where the grant decides, its body is read first, as far as the later checks let it in; a body that is not, or
/// that no grant can be read from, is worth no more than a refresh. The handler goes by the same reading, so that nobody gets one
/// thing on the budget of another.
async fn budget_of(request: &mut ServiceRequest) -> Option<Budget> {
    let budget = Matched::of(request.request()).needs.budget;
    if budget != Some(Budget::ByGrant) {
        return budget;
    }
    let body = body_ahead(request).await;
    let grant = body.map(|RawBody(bytes)| Form::parse(&bytes).and_then(|form| Grant::of(&form)));
    let for_itself = matches!(grant, Some(Ok(Grant::ClientCredentials)));
    Some(if for_itself { Budget::Admin } else { Budget::Sessions })
}

fn report(request: &ServiceRequest) {
    let app = UseCases::of(request.request());
    if let Some(context) = request.extensions().get::<RequestContext>() {
        app.ports.audit.sink.record(AuditEvent::new(EventKind::RateLimited, context, app.ports.clock.now()));
    }
}

#[cfg(test)]
mod tests;
