//! The floor: what actix-web alone does on this machine, with one route and a little JSON. Also the minimum for our endpoints:
//! the same, plus one HMAC and one row by its key for `me`, and each of them with the server's headers and log line.

use std::{cell::RefCell, env, sync::LazyLock};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::ValueEnum as _;
use diesel::{dsl::auto_type, prelude::*};
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;

use crate::{
    dress,
    engine::{AnyConnection, Engine},
    tokens::ACCESS_SECRET,
};

/// The database of the bare `me`, as engine and URL separated by a space; without it, there is no bare `me`.
pub(crate) const DATABASE: &str = "FLOOR_DATABASE";

static DATABASE_OF: LazyLock<Option<(Engine, String)>> = LazyLock::new(|| {
    let Ok(value) = env::var(DATABASE) else { return None };
    let (engine, url) = value.split_once(' ')?;
    let Ok(engine) = Engine::from_str(engine, true) else { return None };
    Some((engine, url.to_owned()))
});

thread_local! {
    /// This thread's connection, made for its first request.
    static READER: RefCell<Option<AnyConnection>> = const { RefCell::new(None) };
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users);

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

const HEALTHY: Health = Health { status: "healthy" };

#[derive(Serialize, Queryable)]
struct Account {
    id: String,
    email: String,
}

/// Serves until it is killed, with as many workers as the server: one per core.
pub(crate) fn serve() -> Result<()> {
    let port: u16 = env::var("PORT")?.parse()?;
    actix_web::rt::System::new().block_on(async {
        let app = || {
            App::new()
                .route("/health", web::get().to(async || web::Json(HEALTHY)))
                .route("/dressed/health", web::get().to(dressed_health))
                .route("/auth/me", web::get().to(me))
                .route("/dressed/auth/me", web::get().to(dressed_me))
        };
        HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
    })?;
    Ok(())
}

async fn dressed_health() -> HttpResponse {
    let mut answer = HttpResponse::Ok().json(HEALTHY);
    dress::headers(&mut answer, &[]);
    answer
}

async fn me(request: HttpRequest) -> HttpResponse {
    match account(&request).await {
        Ok(account) => HttpResponse::Ok().json(account),
        Err(error) => HttpResponse::Unauthorized().body(error.to_string()),
    }
}

async fn dressed_me(request: HttpRequest) -> HttpResponse {
    let mut answer = me(request).await;
    let id = dress::headers(&mut answer, &dress::COUNTED);
    match dress::line(&id) {
        Ok(()) => answer,
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn account(request: &HttpRequest) -> Result<Account> {
    let session = session(request)?;
    let (engine, url) = DATABASE_OF.as_ref().context("no database")?;
    match engine {
        // Reading the row is faster than waking another thread.
        Engine::Sqlite => read(*engine, url, &session),
        Engine::Postgres | Engine::Mariadb => web::block(move || read(*engine, url, &session)).await?,
    }
}

/// The session in a token, once its signature is verified.
fn session(request: &HttpRequest) -> Result<String> {
    let header = request.headers().get("authorization").context("no token")?.to_str()?;
    let (signed, signature) = header.strip_prefix("Bearer ").and_then(|token| token.rsplit_once('.')).context("no token")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(ACCESS_SECRET.as_bytes())?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature)?)?;
    let payload = signed.split_once('.').context("no payload")?.1;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    Ok(claims.get("sid").and_then(Value::as_str).context("no session")?.to_owned())
}

/// A statement of its own, prepared once per thread.
fn read(engine: Engine, url: &str, session: &str) -> Result<Account> {
    READER.with_borrow_mut(|reader| {
        let reader = match reader {
            Some(reader) => reader,
            none => none.insert(engine.connect(url)?),
        };
        let account = match reader {
            AnyConnection::Sqlite(db) => by_session(session).get_result(db),
            AnyConnection::Postgres(db) => by_session(session).get_result(db),
            AnyConnection::Mysql(db) => by_session(session).get_result(db),
        };
        Ok(account?)
    })
}

#[auto_type]
fn by_session<'a>(session: &'a str) -> _ {
    let live = sessions::id.eq(session).and(sessions::ended_at.is_null());
    sessions::table.inner_join(users::table).filter(live).select((users::id, users::email))
}
