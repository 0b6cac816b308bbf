-- Keys that sign access tokens; the private halves are encrypted with a key that is not in the database.
-- The number is unique: of two servers that make the next key, one succeeds.
CREATE TABLE IF NOT EXISTS signing_keys (
    id           VARCHAR(64) CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    number       BIGINT      NOT NULL,
    algorithm    VARCHAR(16) CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    public_jwk   TEXT        CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sealed_with  VARCHAR(32) CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    sealed_text  TEXT        CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    signs_from   DATETIME(6) NOT NULL,
    retired_at   DATETIME(6) NULL,
    revoked_at   DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY signing_keys_by_number (number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
