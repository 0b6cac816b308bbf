//! The floor: what this machine does with actix-web alone, one route and a bit of JSON. Beside it the least that `me`
//! can be: the same with one HMAC, and one row of SQLite by its key.

use std::{cell::RefCell, env, rc::Rc};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{prelude::*, sql_query, sql_types::Text};
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;

use crate::tokens::ACCESS_SECRET;

/// Where the bare `me` finds its rows; without it there is none.
pub(crate) const DATABASE: &str = "FLOOR_DATABASE";

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

#[derive(Serialize, QueryableByName)]
struct Account {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    email: String,
}

/// A connection a worker, made with its first request.
type Reader = Rc<RefCell<Option<SqliteConnection>>>;

struct Database(String);

/// Serves until it is killed, with as many workers as the server has: one a core.
pub(crate) fn serve() -> Result<()> {
    let port: u16 = env::var("PORT")?.parse()?;
    let database = env::var_os(DATABASE).map(|path| path.to_string_lossy().into_owned());
    actix_web::rt::System::new().block_on(async {
        let app = move || {
            let app = App::new().route("/health", web::get().to(async || web::Json(Health { status: "healthy" })));
            app.app_data(database.clone().map(Database)).app_data(Reader::default()).route("/auth/me", web::get().to(bare_me))
        };
        HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
    })?;
    Ok(())
}

async fn bare_me(request: HttpRequest) -> HttpResponse {
    match account(&request) {
        Ok(account) => HttpResponse::Ok().json(account),
        Err(error) => HttpResponse::Unauthorized().body(error.to_string()),
    }
}

fn account(request: &HttpRequest) -> Result<Account> {
    let header = request.headers().get("authorization").context("no token")?.to_str()?;
    let (signed, signature) = header.strip_prefix("Bearer ").and_then(|token| token.rsplit_once('.')).context("no token")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(ACCESS_SECRET.as_bytes())?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature)?)?;
    let payload = signed.split_once('.').context("no payload")?.1;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    let session = claims.get("sid").and_then(Value::as_str).context("no session")?;
    let mut reader = request.app_data::<Reader>().context("no reader")?.borrow_mut();
    let reader = match &mut *reader {
        Some(reader) => reader,
        none => {
            let Database(file) = request.app_data::<Option<Database>>().and_then(Option::as_ref).context("no database")?;
            none.insert(SqliteConnection::establish(file)?)
        }
    };
    let query = "SELECT u.id, u.email FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ? AND s.ended_at IS NULL";
    Ok(sql_query(query).bind::<Text, _>(session).get_result(reader)?)
}
