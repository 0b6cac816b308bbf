//! The API for back offices: accounts, their sessions, the trail, and what else a console shows.

pub(crate) mod audit;
mod bodies;
pub(crate) mod lists;
pub(crate) mod sessions;
pub(crate) mod transfer;
pub(crate) mod users;
pub(crate) mod views;

use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, http::header};
use auth_domain::{
    admin::search::SearchError,
    identity::{ids::UserId, user::User},
};
use serde::Serialize;

use crate::{
    app::use_cases::UseCases,
    web::{
        problem::Problem,
        query::{Query, next_page},
    },
};

/// How many entries a page of a list has, and how many it may have.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// A page of a list, and where the next one is.
fn page(request: &HttpRequest, view: &impl Serialize, next: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = next {
        response.insert_header((header::LINK, next_page(request, cursor)));
    }
    response.json(view)
}

/// What is no id is nobody's.
fn id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found())
}

/// The account of an id.
async fn found(app: &UseCases, text: &str) -> Result<User, Problem> {
    app.ports.accounts.users.find(id(text)?).await?.ok_or_else(Problem::not_found)
}

/// The place that a list goes on from.
fn place<T: FromStr>(app: &UseCases, query: &mut Query, list: &str) -> Option<T> {
    let cursor = query.text("after")?;
    let opened = app.ports.admin.cursors.open(list, &cursor).and_then(|text| text.parse().into_iter().next());
    opened.or_else(|| query.fault("after", "unknown_cursor", SearchError::Cursor))
}

fn sealed(app: &UseCases, list: &str, place: &impl ToString) -> String {
    app.ports.admin.cursors.seal(list, &place.to_string())
}
