//! Whether the client of a request still waits for its answer. Travels with the task, like the tracing span, so that neither
//! ports nor use cases carry it.

pub use tokio_util::sync::CancellationToken;

tokio::task_local! {
    static CLIENT: CancellationToken;
}

/// Does a client's work. Once the token is cancelled, expensive work that has not begun is skipped.
pub async fn on_behalf_of<F: Future>(client: CancellationToken, work: F) -> F::Output {
    CLIENT.scope(client, work).await
}

/// The client whose work this task does. Outside any request: one that never leaves.
pub(crate) fn client() -> CancellationToken {
    CLIENT.try_with(CancellationToken::clone).unwrap_or_default()
}
