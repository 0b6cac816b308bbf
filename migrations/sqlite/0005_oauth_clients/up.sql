-- Resource servers. Secrets are stored as hashes, the previous one with the time until which it is valid.
CREATE TABLE IF NOT EXISTS oauth_clients (
    id            TEXT      NOT NULL PRIMARY KEY,
    name          TEXT      NOT NULL,
    secret        TEXT      NOT NULL,
    former_secret TEXT      NULL,
    former_until  TIMESTAMP NULL,
    created_at    TIMESTAMP NOT NULL,
    rotated_at    TIMESTAMP NULL
);
