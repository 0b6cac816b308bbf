-- Resource servers. Secrets are stored as hashes, the previous one with the time until which it is valid.
CREATE TABLE IF NOT EXISTS oauth_clients (
    id            VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    name          VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    secret        VARCHAR(128) CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    former_secret VARCHAR(128) CHARACTER SET ascii   COLLATE ascii_bin   NULL,
    former_until  DATETIME(6)  NULL,
    created_at    DATETIME(6)  NOT NULL,
    rotated_at    DATETIME(6)  NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
