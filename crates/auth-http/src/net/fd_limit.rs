//! The open files that the system allows: each connection is one.

/// Open files beside client connections: databases, logs, the runtime's own.
const OTHER_FILES: usize = 500;

/// How many of the wanted connections the limit of open files allows. Raises the limit as far as the system permits: it is often
/// 1024 only for the sake of programs that use `select`.
#[must_use]
pub(crate) fn room_for(connections: usize) -> usize {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => usize::try_from(files).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            return connections;
        }
    };
    let room = files.saturating_sub(OTHER_FILES).max(files / 2);
    if room < connections {
        tracing::warn!(
            files,
            connections = room,
            "the limit of open files has no room for MAX_CONNECTIONS={connections}; raise it (ulimit -Hn, LimitNOFILE=), or lower MAX_CONNECTIONS"
        );
    }
    connections.min(room)
}
