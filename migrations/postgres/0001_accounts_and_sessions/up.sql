-- Times are in UTC; every connection of this program sets that time zone.
-- Collation "C" compares byte by byte, as the other engines do, and lets an index serve prefix searches.
CREATE TABLE IF NOT EXISTS users (
    id            VARCHAR(36)  COLLATE "C" NOT NULL PRIMARY KEY,
    email         VARCHAR(254) COLLATE "C" NOT NULL CONSTRAINT users_email_key UNIQUE,
    password_hash TEXT         COLLATE "C" NOT NULL,
    disabled_at   TIMESTAMP(6) NULL,
    last_login_at TIMESTAMP(6) NULL,
    created_at    TIMESTAMP(6) NOT NULL,
    updated_at    TIMESTAMP(6) NOT NULL
);

CREATE TABLE IF NOT EXISTS sessions (
    id           VARCHAR(36)  COLLATE "C" NOT NULL PRIMARY KEY,
    user_id      VARCHAR(36)  COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   BIGINT       NOT NULL,
    created_at   TIMESTAMP(6) NOT NULL,
    last_used_at TIMESTAMP(6) NOT NULL,
    expires_at   TIMESTAMP(6) NOT NULL,
    ended_at     TIMESTAMP(6) NULL,
    address      VARCHAR(45)  NULL,
    user_agent   VARCHAR(256) NULL
);

-- Finds the live sessions of an account, and all of them when it is deleted.
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, ended_at, expires_at);
-- Finds what can be deleted.
CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ended_at);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
