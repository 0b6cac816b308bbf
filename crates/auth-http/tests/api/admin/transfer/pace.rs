//! Clients of every pace that do not stop.

use super::{
    accounts, start, totals,
    wire::{Ending, Wire},
};
use crate::service::Engine;

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_only_when_all_is_sent_gets_every_result() {
    const COUNT: usize = 6000;
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let file = accounts(COUNT);
    let mut wire = Wire::import(&service, &token, &format!("Content-Length: {}", file.len())).await;
    wire.send(&file).await;
    // Nobody has read a byte yet, and all is done.
    service.audited("users_imported", 1).await;
    let (lines, ending) = wire.rest().await;
    assert_eq!((lines.len(), ending), (COUNT + 1, Ending::Whole));
    for (at, line) in lines[..COUNT].iter().enumerate() {
        assert!(line["line"] == at + 1 && line["result"] == "imported", "{line}");
    }
    assert_eq!(lines.last(), Some(&totals(6000, 6000, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_answered_before_the_next_is_sent() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let mut wire = Wire::chunked(&service, &token).await;
    for (at, line) in accounts(3).lines().enumerate() {
        wire.chunk(&format!("{line}\n")).await;
        let lines = wire.lines(at + 1).await;
        assert!(lines[at]["line"] == at + 1 && lines[at]["result"] == "imported", "{lines:?}");
    }
    wire.chunk("").await;
    let (lines, ending) = wire.rest().await;
    assert_eq!((lines.last(), ending), (Some(&totals(3, 3, 0, 0)), Ending::Whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_time_between_two_reads_counts() {
    let (service, token) = start(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let mut wire = Wire::chunked(&service, &token).await;
    // Longer in all than any other request may take.
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(150));
    for line in accounts(12).lines() {
        pace.tick().await;
        wire.chunk(&format!("{line}\n")).await;
    }
    wire.chunk("").await;
    assert_eq!(wire.rest().await.0.last(), Some(&totals(12, 12, 0, 0)));
}
