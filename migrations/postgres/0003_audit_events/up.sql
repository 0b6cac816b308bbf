-- No foreign key to users: the events of an account outlive it.
CREATE TABLE IF NOT EXISTS audit_events (
    id          VARCHAR(36)  COLLATE "C" NOT NULL PRIMARY KEY,
    occurred_at TIMESTAMP(6) NOT NULL,
    event       VARCHAR(64)  COLLATE "C" NOT NULL,
    outcome     VARCHAR(16)  COLLATE "C" NOT NULL,
    reason      VARCHAR(64)  NULL,
    user_id     VARCHAR(36)  COLLATE "C" NULL,
    session_id  VARCHAR(36)  COLLATE "C" NULL,
    email       VARCHAR(254) COLLATE "C" NULL,
    address     VARCHAR(45)  NULL,
    user_agent  VARCHAR(256) NULL,
    request_id  VARCHAR(128) NOT NULL
);

-- Find entries by account and by the address of the attempt, latest first.
CREATE INDEX IF NOT EXISTS audit_events_by_user ON audit_events (user_id, occurred_at);
CREATE INDEX IF NOT EXISTS audit_events_by_email ON audit_events (email, occurred_at);
-- Finds the latest entries, and those that can be deleted.
CREATE INDEX IF NOT EXISTS audit_events_by_time ON audit_events (occurred_at);
