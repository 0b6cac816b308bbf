//! The audit trail.

use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth_domain::{
    admin::read_trail::TrailPage,
    audit::{
        entry::{Filter, Whose},
        kind::EventKind,
    },
    identity::email::EmailFault,
};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use super::{
    PAGE, PAGE_MAX, page,
    views::{EventView, EventsView},
};
use crate::{
    app::use_cases::UseCases,
    web::{
        admin::{Admin, Read},
        problem::Problem,
        query::Query,
    },
};

/// How the document shows what is looked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct TrailParameters {
    /// An account, by id or address; by address also attempts without an account.
    #[param(required = false)]
    user: String,
    /// The name of an event.
    #[param(required = false, example = "login_failed")]
    event: String,
    /// From this time on (RFC 3339).
    #[param(required = false, format = "date-time")]
    since: String,
    /// Before this time (RFC 3339).
    #[param(required = false, format = "date-time")]
    until: String,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before, of the same list.
    #[param(required = false)]
    after: String,
}

/// A time of RFC 3339.
struct Time(DateTime<Utc>);

/// Whose events.
struct Who(Whose);

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // In a query, a plus that is not encoded is a space.
        let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
        time.map(|time| Self(time.to_utc())).map_err(|_fault| "must be a time such as 2026-01-31T12:00:00Z")
    }
}

impl FromStr for Who {
    type Err = EmailFault;

    fn from_str(text: &str) -> Result<Self, EmailFault> {
        match text.parse() {
            Ok(id) => Ok(Self(Whose::User(id))),
            Err(_not_an_id) => text.parse().map(|email| Self(Whose::Address(email))),
        }
    }
}

/// Look into the audit trail.
///
/// Latest first.
#[utoipa::path(
    get, path = "/admin/audit", operation_id = "admin_audit", security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(TrailParameters),
    responses((status = 200, description = "A page of events.", body = EventsView)),
)]
pub(crate) async fn list(app: Data<UseCases>, Admin(..): Admin<Read>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (filter, after) = asked_for(&request)?;
    let TrailPage { entries, next } = app.admin.trail.execute(filter, after.as_deref()).await?;
    let view = EventsView { events: entries.iter().map(EventView::from).collect(), next };
    Ok(page(&request, &view, view.next.as_deref()))
}

fn asked_for(request: &HttpRequest) -> Result<(Filter, Option<String>), Problem> {
    let mut query = Query::of(request)?;
    let event = query.text("event").and_then(|name| {
        EventKind::from_name(&name).or_else(|| query.fault("event", "unknown_event", "must be the name of an event"))
    });
    let filter = Filter {
        whose: query.parsed("user", "unknown_user").map(|Who(whose)| whose),
        event,
        since: query.parsed("since", "invalid_time").map_or(DateTime::UNIX_EPOCH, |Time(at)| at.max(DateTime::UNIX_EPOCH)),
        until: query.parsed("until", "invalid_time").map(|Time(at)| at),
        before: None,
        limit: query.limit(PAGE, PAGE_MAX),
    };
    let after = query.text("after");
    query.whole()?;
    Ok((filter, after))
}
