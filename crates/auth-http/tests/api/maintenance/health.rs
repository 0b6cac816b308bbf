//! /health, /health/live, /health/ready

use crate::service::{Engine, Service, on_every_engine};

#[tokio::test]
async fn it_is_healthy_without_asking_anybody() {
    let service = Service::start(Engine::Sqlite).await;
    for path in ["/health", "/health/live"] {
        let answer = service.get(path).await;
        assert_eq!((answer.status, answer.body.to_string()), (200, r#"{"status":"healthy"}"#.to_owned()));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

on_every_engine! {
    async fn it_is_ready_once_the_schema_is_there(engine) {
        let service = Service::start(engine).await;
        let answer = service.get("/health/ready").await;
        assert_eq!((answer.status, answer.body.to_string()), (200, r#"{"checks":{"database":"ok"},"status":"ready"}"#.to_owned()), "members in any order");
    }

    async fn it_is_not_ready_while_migrations_are_pending(engine) {
        let service = Service::start(engine).await;
        service.database.execute("DELETE FROM __diesel_schema_migrations");
        let answer = service.get("/health/ready").await;
        assert_eq!((answer.status, &answer.body["status"]), (503, &"unavailable".into()));
        assert_eq!(service.get("/health").await.status, 200);
    }
}

#[tokio::test]
async fn health_is_never_refused() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600"), ("ALLOWED_ORIGINS", "https://app.example.org")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    for _ in 0..5 {
        let request = service.request(reqwest::Method::GET, "/health").header("Origin", "https://evil.example");
        let answer = crate::service::Answer::of(request).await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, None));
    }
}
