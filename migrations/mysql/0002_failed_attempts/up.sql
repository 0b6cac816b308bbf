-- By address, whether or not it has an account: neither answers nor their timing reveal which.
-- login_failures_by_time and known_networks_by_time find what can be deleted.
CREATE TABLE IF NOT EXISTS login_failures (
    email    VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    failures BIGINT       NOT NULL,
    last_at  DATETIME(6)  NOT NULL,
    PRIMARY KEY (email),
    KEY login_failures_by_time (last_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The networks that each account has been logged in to from.
CREATE TABLE IF NOT EXISTS known_networks (
    user_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    network VARCHAR(49) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seen_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, network),
    KEY known_networks_by_time (seen_at),
    CONSTRAINT known_networks_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
