-- Times are ISO 8601 texts in UTC, which sort by time. A bare TEXT compares byte by byte.
CREATE TABLE IF NOT EXISTS users (
    id            TEXT      NOT NULL PRIMARY KEY,
    email         TEXT      NOT NULL CONSTRAINT users_email_key UNIQUE,
    password_hash TEXT      NOT NULL,
    disabled_at   TIMESTAMP NULL,
    last_login_at TIMESTAMP NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS sessions (
    id           TEXT      NOT NULL PRIMARY KEY,
    user_id      TEXT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   BIGINT    NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP NULL,
    address      TEXT      NULL,
    user_agent   TEXT      NULL
);

-- Finds the live sessions of an account, and all of them when it is deleted.
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, ended_at, expires_at);
-- Finds what can be deleted.
CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ended_at);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
