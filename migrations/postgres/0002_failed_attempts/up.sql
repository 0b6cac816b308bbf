-- By address, whether or not it has an account: neither answers nor their timing reveal which.
CREATE TABLE IF NOT EXISTS login_failures (
    email    VARCHAR(254) COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT       NOT NULL,
    last_at  TIMESTAMP(6) NOT NULL
);

-- The networks that each account has been logged in to from.
CREATE TABLE IF NOT EXISTS known_networks (
    user_id VARCHAR(36)  COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network VARCHAR(49)  COLLATE "C" NOT NULL,
    seen_at TIMESTAMP(6) NOT NULL,
    PRIMARY KEY (user_id, network)
);

-- Finds what can be deleted.
CREATE INDEX IF NOT EXISTS login_failures_by_time ON login_failures (last_at);
CREATE INDEX IF NOT EXISTS known_networks_by_time ON known_networks (seen_at);
