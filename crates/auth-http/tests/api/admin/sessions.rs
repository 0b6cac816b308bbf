//! The sessions of others, and a fresh start for their owners.

use serde_json::{Value, json};

use super::{ON, administrator, me, start};
use crate::{
    service::{Engine, PASSWORD, Service, on_every_engine},
    sessions::tokens::claims,
};

on_every_engine! {
    async fn sessions_are_seen_and_ended(engine) {
        let service = start(engine).await;
        let second = Service::on(service.database.clone(), &ON).await;
        let admin = administrator(&service, "ada@example.org").await;
        let (one, other) = (service.register("ben@example.org").await, service.login("ben@example.org").await);
        let path = format!("/admin/users/{}/sessions", me(&service, one.access()).await);
        let listed = service.get_as(&admin, &path).await;
        assert_eq!(listed.body["sessions"].as_array().unwrap().len(), 2, "{}", listed.body);
        assert!(listed.body["sessions"][0].get("current").is_none());
        let session = claims(one.access())["sid"].as_str().unwrap().to_owned();
        let foreign = claims(&admin)["sid"].as_str().unwrap().to_owned();
        for (id, status) in [(session.as_str(), 204), (&session, 404), (&foreign, 404), ("x", 404), ("00000000-0000-7000-8000-000000000000", 404)] {
            assert_eq!(service.delete_as(&admin, &format!("{path}/{id}"), None).await.status, status, "{id}");
        }
        assert_eq!(second.me(one.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(second.me(other.access()).await.status, 200);
        for _ in 0..2 {
            assert_eq!(service.delete_as(&admin, &path, None).await.status, 204, "again is no error");
        }
        assert_eq!(second.me(other.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.get_as(&admin, &path).await.body["sessions"], json!([]));
        assert_eq!(service.me(&admin).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_the_usual_mail() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let (ben, _verification) = service.register_with_mail("ben@example.org").await;
    let path = format!("/admin/users/{}/password-reset", me(&service, ben.access()).await);
    let accepted = service.post_as(&admin, &path, None).await;
    assert_eq!((accepted.status, &accepted.body["status"]), (202, &json!("accepted")));
    let letter = service.mail_to("ben@example.org", 2).await;
    let token = letter.token().to_owned();
    let chosen = service.post("/auth/password/reset", json!({ "token": token, "new_password": "Another-Horse-8-Staple" })).await;
    assert_eq!(chosen.status, 204, "{}", chosen.body);
    assert_eq!(service.me(ben.access()).await.status, 401);
    assert_eq!(service.post_as(&admin, &path, None).await.status, 202, "also when the address gets no more mails");
    service.audited("mail_suppressed", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_that_were_lost_are_removed() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let ben = service.enrol("ben@example.org").await;
    let path = format!("/admin/users/{}/reset-factors", me(&service, &ben.access).await);
    assert_eq!(service.post_as(&admin, &path, None).await.status, 204);
    assert_eq!(service.me(&ben.access).await.status, 401, "every session has ended");
    let login = service.post("/auth/login", json!({ "email": "ben@example.org", "password": PASSWORD })).await;
    assert_eq!(login.status, 200, "a password alone");
    assert_eq!(service.factors(login.access()).await.body["factors"], Value::Array(Vec::new()));
}
