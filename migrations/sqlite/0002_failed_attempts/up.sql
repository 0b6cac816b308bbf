-- By address, whether or not it has an account: neither answers nor their timing reveal which.
CREATE TABLE IF NOT EXISTS login_failures (
    email    TEXT      NOT NULL PRIMARY KEY,
    failures BIGINT    NOT NULL,
    last_at  TIMESTAMP NOT NULL
);

-- The networks that each account has been logged in to from.
CREATE TABLE IF NOT EXISTS known_networks (
    user_id TEXT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network TEXT      NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, network)
);

-- Finds what can be deleted.
CREATE INDEX IF NOT EXISTS login_failures_by_time ON login_failures (last_at);
CREATE INDEX IF NOT EXISTS known_networks_by_time ON known_networks (seen_at);
