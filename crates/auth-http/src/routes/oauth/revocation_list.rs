//! Revocations for offline verifiers: a signed list.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CacheDirective, EntityTag},
    web::{Data, Query},
};
use auth_domain::sessions::session::RevocationCursor;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    routes::oauth::feed::Feed,
    web::{etag, problem::Problem},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// The `next` of the previous list, or seconds since 1970. Without it, the list names all whose tokens may not have expired.
    #[param(example = "1767323045")]
    since: Option<String>,
}

impl Since {
    fn place(&self) -> Result<Option<RevocationCursor>, Problem> {
        let parsed = self.since.as_deref().filter(|since| !since.is_empty()).map(str::parse::<RevocationCursor>).transpose();
        parsed.map_err(|rule| Problem::parameter("since", "unknown_place", &rule.to_string()))
    }
}

/// Sessions that have ended, and keys that are revoked.
///
/// For services that verify access tokens by themselves: a JWT (`typ` `revocations+jwt`, signed like an access token made now).
/// `sids` are the sessions that ended, and `kids` the keys that were revoked, since a place, while their tokens may not have
/// expired. `next` is the place to continue from, and `more` says whether to do so at once. Poll every few seconds.
#[utoipa::path(
    get, path = "/oauth/revocations", operation_id = "revocations", params(Since),
    responses(
        (status = 200, description = "A list, signed.", body = String, content_type = "application/revocations+jwt"),
        (status = 304, description = "`If-None-Match` has it: nothing happened meanwhile."),
    ),
)]
pub(crate) async fn list(feed: Data<Feed>, request: HttpRequest, query: Query<Since>) -> Result<HttpResponse, Problem> {
    let page = feed.page(query.place()?).await?;
    let tag = EntityTag::new_weak(page.tag.clone());
    etag::answer(&request, tag, vec![CacheDirective::NoCache], |mut response| {
        Ok(response.content_type("application/revocations+jwt").body(feed.signed(&page)?))
    })
}
