-- By address, whether or not it has an account, and by client; where client is empty, those of all clients.
-- The previous release goes on with login_failures, and a later one drops that.
CREATE TABLE IF NOT EXISTS client_failures (
    email        VARCHAR(254) COLLATE "C" NOT NULL,
    client       VARCHAR(49)  COLLATE "C" NOT NULL,
    failures     BIGINT       NOT NULL,
    others       BIGINT       NOT NULL,
    last_at      TIMESTAMP(6) NOT NULL,
    forgotten_at TIMESTAMP(6) NOT NULL,
    PRIMARY KEY (email, client)
);

-- Finds what can be deleted.
CREATE INDEX IF NOT EXISTS client_failures_by_time ON client_failures (forgotten_at);
