-- Keys that sign access tokens; the private halves are encrypted with a key that is not in the database.
-- The number is unique: of two servers that make the next key, one succeeds.
CREATE TABLE IF NOT EXISTS signing_keys (
    id           TEXT      NOT NULL PRIMARY KEY,
    number       BIGINT    NOT NULL UNIQUE,
    algorithm    TEXT      NOT NULL,
    public_jwk   TEXT      NOT NULL,
    sealed_with  TEXT      NOT NULL,
    sealed_text  TEXT      NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    signs_from   TIMESTAMP NOT NULL,
    retired_at   TIMESTAMP NULL,
    revoked_at   TIMESTAMP NULL
);
