//! Every account with its password hash and its factors, a page at a time.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{ContentDisposition, DispositionParam, DispositionType},
    },
    web::{Bytes, Data},
};
use auth_domain::{admin::transfer::AccountRecord, identity::port_error::PortError};
use futures_util::stream::{self, Stream};

use super::{NDJSON, line};
use crate::{
    app::use_cases::UseCases,
    routes::maintenance::Draining,
    web::{
        admin::{Admin, Export},
        problem::Problem,
    },
};

/// Export every account.
///
/// A line a JSON object: the account as `GET /admin/users/{id}` shows it, and its `password_hash`, what its factors need to go on working,
/// and what is stored of its recovery codes. Importing it gives the same accounts. An answer that breaks off is not whole. People have to be fresh.
#[utoipa::path(
    get, path = "/admin/users/export", operation_id = "admin_export_users",
    security(("bearer" = []), ("client_token" = ["admin:export"])),
    responses((status = 200, description = "All accounts, by id.", content_type = "application/x-ndjson", body = String)),
)]
pub(crate) async fn export(
    app: Data<UseCases>,
    draining: Data<Draining>,
    Admin(by, ..): Admin<Export>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response.content_type(NDJSON).insert_header(attachment());
    // Whoever asks what there would be gets no hash.
    if request.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, PortError>>()));
    }
    let first = app.admin.export.begin(&by).await?;
    Ok(response.streaming(lines(app, draining, first)))
}

fn attachment() -> ContentDisposition {
    let name = DispositionParam::Filename("accounts.ndjson".to_owned());
    ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![name] }
}

/// The pages, the next one read when the one before is sent. One that cannot be read breaks the answer off, and so does the end of the
/// server.
fn lines(
    app: Data<UseCases>,
    draining: Data<Draining>,
    first: Vec<AccountRecord>,
) -> impl Stream<Item = Result<Bytes, PortError>> {
    stream::try_unfold(first, move |page| {
        let (app, draining) = (app.clone(), draining.clone());
        async move {
            let Some(last) = page.last().map(|account| account.user.id) else { return Ok(None) };
            if draining.0.is_cancelled() {
                return Err(PortError::Unavailable("the server is stopping".to_owned()));
            }
            let next = app.admin.export.page(Some(last)).await?;
            Ok(Some((line::written(&page)?.into(), next)))
        }
    })
}
