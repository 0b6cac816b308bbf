//! The API for back offices.

mod audit;
mod bad_input;
mod callers;
mod changes;
mod console;
mod lists;
mod off;
mod search;
mod sessions;
mod transfer;
mod users;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    oauth::{clients, post},
    service::{Answer, Engine, Service, TestDatabase},
};

/// An API that a password is enough for.
const ON: [(&str, &str); 2] = [("ADMIN_API", "true"), ("ADMIN_REQUIRE_MFA", "false")];

/// A server with mail and factors, whose administrators need none.
async fn start(engine: Engine) -> Service {
    Service::with_factors_and_mail(engine, &ON).await
}

/// Gives an account this one role, behind the server's back.
pub(crate) fn give_role(database: &TestDatabase, email: &str, role: &str) {
    let (table, account) = ("user_roles", format!("(SELECT id FROM users WHERE email = '{email}')"));
    database.execute(&format!(
        "DELETE FROM {table} WHERE user_id = {account}; INSERT INTO {table} (role, user_id, listed_as, email) \
         SELECT '{role}', id, listed_as, email FROM users WHERE email = '{email}'; UPDATE users SET roles = '{role}' WHERE email = '{email}'"
    ));
}

/// The access token of somebody who administers.
async fn administrator(service: &Service, email: &str) -> String {
    let access = service.register(email).await.access().to_owned();
    tokio::task::block_in_place(|| give_role(&service.database, email, "admin"));
    access
}

/// A client with these scopes: its id, and a token that is good for all of them.
async fn client(service: &Service, scopes: &str) -> (String, String) {
    let (id, secret) =
        tokio::task::block_in_place(|| clients::credentials(&clients::json(service, &["add", "office", "--scope", scopes])));
    let form = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let issued = post(service, "/oauth/token", &form).await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    (id, issued.access().to_owned())
}

async fn me(service: &Service, access: &str) -> String {
    service.me(access).await.text("id").to_owned()
}

/// Changes an account.
async fn patch(service: &Service, admin: &str, id: &str, body: Value) -> Answer {
    service.send(Method::PATCH, &format!("/admin/users/{id}"), Some(admin), Some(body)).await
}

async fn show(service: &Service, admin: &str, id: &str) -> Answer {
    service.get_as(admin, &format!("/admin/users/{id}")).await
}

/// A request by a caller, which the test goes on with.
fn by(service: &Service, method: Method, path: &str, admin: &str) -> RequestBuilder {
    service.request(method, path).bearer_auth(admin)
}

/// Makes an account without a password: its id.
async fn make(service: &Service, admin: &str, email: &str) -> String {
    let made = service.post_as(admin, "/admin/users", Some(json!({ "email": email }))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id").to_owned()
}
