-- Keys that sign access tokens; the private halves are encrypted with a key that is not in the database.
-- The number is unique: of two servers that make the next key, one succeeds.
CREATE TABLE IF NOT EXISTS signing_keys (
    id           VARCHAR(64)  COLLATE "C" NOT NULL PRIMARY KEY,
    number       BIGINT       NOT NULL UNIQUE,
    algorithm    VARCHAR(16)  NOT NULL,
    public_jwk   TEXT         NOT NULL,
    sealed_with  VARCHAR(32)  NOT NULL,
    sealed_text  TEXT         NOT NULL,
    created_at   TIMESTAMP(6) NOT NULL,
    signs_from   TIMESTAMP(6) NOT NULL,
    retired_at   TIMESTAMP(6) NULL,
    revoked_at   TIMESTAMP(6) NULL
);
