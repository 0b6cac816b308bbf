-- Resource servers. Secrets are stored as hashes, the previous one with the time until which it is valid.
CREATE TABLE IF NOT EXISTS oauth_clients (
    id            VARCHAR(36)  COLLATE "C" NOT NULL PRIMARY KEY,
    name          VARCHAR(100) NOT NULL,
    secret        VARCHAR(128) COLLATE "C" NOT NULL,
    former_secret VARCHAR(128) COLLATE "C" NULL,
    former_until  TIMESTAMP(6) NULL,
    created_at    TIMESTAMP(6) NOT NULL,
    rotated_at    TIMESTAMP(6) NULL
);
