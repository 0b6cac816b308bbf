-- By address, whether or not it has an account, and by client; where client is empty, those of all clients.
-- The previous release goes on with login_failures, and a later one drops that.
-- client_failures_by_time finds what can be deleted.
CREATE TABLE IF NOT EXISTS client_failures (
    email        VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    client       VARCHAR(49)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    failures     BIGINT       NOT NULL,
    others       BIGINT       NOT NULL,
    last_at      DATETIME(6)  NOT NULL,
    forgotten_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (email, client),
    KEY client_failures_by_time (forgotten_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
