-- No foreign key to users: the events of an account outlive it.
CREATE TABLE IF NOT EXISTS audit_events (
    id          TEXT      NOT NULL PRIMARY KEY,
    occurred_at TIMESTAMP NOT NULL,
    event       TEXT      NOT NULL,
    outcome     TEXT      NOT NULL,
    reason      TEXT      NULL,
    user_id     TEXT      NULL,
    session_id  TEXT      NULL,
    email       TEXT      NULL,
    address     TEXT      NULL,
    user_agent  TEXT      NULL,
    request_id  TEXT      NOT NULL
);

-- Find entries by account and by the address of the attempt, latest first.
CREATE INDEX IF NOT EXISTS audit_events_by_user ON audit_events (user_id, occurred_at);
CREATE INDEX IF NOT EXISTS audit_events_by_email ON audit_events (email, occurred_at);
-- Finds the latest entries, and those that can be deleted.
CREATE INDEX IF NOT EXISTS audit_events_by_time ON audit_events (occurred_at);
