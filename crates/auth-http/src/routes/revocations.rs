//! What verifiers hear of that never call home: a signed list of what is revoked.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CacheDirective, EntityTag},
    web::{Data, Query},
};
use auth_domain::session::Ended;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    app::UseCases,
    problem::{Code, Problem},
    tagged,
};

pub(crate) const PATH: &str = "/oauth/revocations";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// The `next` of the list before, or seconds since 1970; without, the list names all whose tokens have not expired.
    #[param(example = "1767323045")]
    since: Option<String>,
}

impl Since {
    fn place(&self) -> Result<Option<Ended>, Problem> {
        let parsed = self.since.as_deref().filter(|since| !since.is_empty()).map(str::parse::<Ended>).transpose();
        parsed.map_err(|rule| Problem::parameter("since", "unknown_place", &rule.to_string()))
    }
}

/// Sessions that have ended, and keys that are revoked.
///
/// For services that verify access tokens by themselves: a JWT (`typ` `revocations+jwt`, signed like an access token made
/// now) with the `sids` of sessions that ended and the `kids` of keys that were revoked since a place, as long as a token of theirs
/// may be alive; `next`, the place to go on from, and `more`, whether to do so at once. Ask every few seconds.
#[utoipa::path(
    get, path = "/oauth/revocations", operation_id = "revocations", tag = "keys", params(Since),
    responses(
        (status = 200, description = "A list, signed.", body = String, content_type = "application/revocations+jwt"),
        (status = 304, description = "`If-None-Match` has it: nothing happened meanwhile."),
    ),
    extensions(("x-problems" = json!([Code::ValidationFailed, Code::Unavailable]))),
)]
pub(crate) async fn list(app: Data<UseCases>, request: HttpRequest, query: Query<Since>) -> Result<HttpResponse, Problem> {
    let list = app.keys.list_revocations.execute(query.place()?).await?;
    // Two lists that name the same are the same, whenever they were made.
    let tag = EntityTag::new_weak(tagged::tag_of(&(&list.sessions, &list.keys, list.more)));
    tagged::answer(&request, tag, vec![CacheDirective::NoCache], |mut response| {
        Ok(response.content_type("application/revocations+jwt").body(app.ports.known_keys.vouch(&list)?))
    })
}
