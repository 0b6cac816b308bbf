-- What a login asks for after the password, and how many wrong codes an account has had.
ALTER TABLE users ADD COLUMN second_factors TEXT NULL;
ALTER TABLE users ADD COLUMN wrong_codes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN wrong_code_at TIMESTAMP NULL;

-- How somebody was authenticated.
ALTER TABLE audit_events ADD COLUMN methods TEXT NULL;

-- Secrets that accounts share with authenticator apps, encrypted. One without `confirmed_at` waits for its first code.
CREATE TABLE IF NOT EXISTS totp_factors (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    encrypted_with TEXT NOT NULL,
    encrypted_text TEXT NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    confirmed_at   TIMESTAMP NULL,
    last_step      BIGINT NOT NULL,
    last_used_at   TIMESTAMP NULL
);
CREATE INDEX IF NOT EXISTS totp_factors_by_user ON totp_factors (user_id);
CREATE INDEX IF NOT EXISTS totp_factors_by_key ON totp_factors (encrypted_with);
CREATE INDEX IF NOT EXISTS totp_factors_by_state ON totp_factors (confirmed_at, created_at);

-- Public keys of passkeys. Bytes are in base64url.
CREATE TABLE IF NOT EXISTS passkeys (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    credential_id   TEXT NOT NULL,
    public_key      TEXT NOT NULL,
    counter         BIGINT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    aaguid          TEXT NOT NULL,
    transports      TEXT NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    last_used_at    TIMESTAMP NULL
);
CREATE INDEX IF NOT EXISTS passkeys_by_user ON passkeys (user_id);
CREATE UNIQUE INDEX IF NOT EXISTS passkeys_by_credential ON passkeys (credential_id);

-- Recovery codes, as SHA-256.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP NULL,
    PRIMARY KEY (user_id, digest)
);

-- One-time tokens that were used, or had wrong codes, until they expire. An unused one is not stored.
CREATE TABLE IF NOT EXISTS one_time_tokens (
    id         TEXT PRIMARY KEY,
    tries      BIGINT NOT NULL,
    used_at    TIMESTAMP NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS one_time_tokens_by_end ON one_time_tokens (expires_at);
