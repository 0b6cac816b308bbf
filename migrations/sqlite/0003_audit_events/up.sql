-- No reference to an account: what happened to one is known after it is gone.
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

-- Whose entries these are, by account and by the address of the attempt; latest first.
CREATE INDEX IF NOT EXISTS audit_events_by_user ON audit_events (user_id, occurred_at);
CREATE INDEX IF NOT EXISTS audit_events_by_email ON audit_events (email, occurred_at);
-- What came last, and what can be forgotten.
CREATE INDEX IF NOT EXISTS audit_events_by_time ON audit_events (occurred_at);
