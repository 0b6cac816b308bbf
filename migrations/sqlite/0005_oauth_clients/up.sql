-- Resource servers. Of a secret its hash; of the one before also until when it is good.
CREATE TABLE IF NOT EXISTS oauth_clients (
    id            TEXT      NOT NULL PRIMARY KEY,
    name          TEXT      NOT NULL,
    secret        TEXT      NOT NULL,
    former_secret TEXT      NULL,
    former_until  TIMESTAMP NULL,
    created_at    TIMESTAMP NOT NULL,
    rotated_at    TIMESTAMP NULL
);
