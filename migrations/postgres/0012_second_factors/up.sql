-- What a login asks for after the password, and how many wrong codes an account has had.
ALTER TABLE users ADD COLUMN IF NOT EXISTS second_factors VARCHAR(64) COLLATE "C" NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS wrong_codes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN IF NOT EXISTS wrong_code_at TIMESTAMP(6) NULL;

-- How somebody was authenticated.
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS methods VARCHAR(64) COLLATE "C" NULL;

-- Secrets that accounts share with authenticator apps, encrypted. One without `confirmed_at` waits for its first code.
CREATE TABLE IF NOT EXISTS totp_factors (
    id             VARCHAR(36) COLLATE "C" PRIMARY KEY,
    user_id        VARCHAR(36) COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name           VARCHAR(64) COLLATE "C" NOT NULL,
    encrypted_with VARCHAR(32) COLLATE "C" NOT NULL,
    encrypted_text VARCHAR(255) COLLATE "C" NOT NULL,
    created_at     TIMESTAMP(6) NOT NULL,
    confirmed_at   TIMESTAMP(6) NULL,
    last_step      BIGINT NOT NULL,
    last_used_at   TIMESTAMP(6) NULL
);
CREATE INDEX IF NOT EXISTS totp_factors_by_user ON totp_factors (user_id);
CREATE INDEX IF NOT EXISTS totp_factors_by_key ON totp_factors (encrypted_with);
CREATE INDEX IF NOT EXISTS totp_factors_by_state ON totp_factors (confirmed_at, created_at);

-- Public keys of passkeys. Bytes are in base64url.
CREATE TABLE IF NOT EXISTS passkeys (
    id              VARCHAR(36) COLLATE "C" PRIMARY KEY,
    user_id         VARCHAR(36) COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            VARCHAR(64) COLLATE "C" NOT NULL,
    credential_id   VARCHAR(1364) COLLATE "C" NOT NULL,
    public_key      VARCHAR(2048) COLLATE "C" NOT NULL,
    counter         BIGINT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    aaguid          VARCHAR(36) COLLATE "C" NOT NULL,
    transports      VARCHAR(255) COLLATE "C" NOT NULL,
    created_at      TIMESTAMP(6) NOT NULL,
    last_used_at    TIMESTAMP(6) NULL
);
CREATE INDEX IF NOT EXISTS passkeys_by_user ON passkeys (user_id);
CREATE UNIQUE INDEX IF NOT EXISTS passkeys_by_credential ON passkeys (credential_id);

-- Recovery codes, as SHA-256.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id    VARCHAR(36) COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     VARCHAR(64) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(6) NOT NULL,
    used_at    TIMESTAMP(6) NULL,
    PRIMARY KEY (user_id, digest)
);

-- One-time tokens that were used, or had wrong codes, until they expire. An unused one is not stored.
CREATE TABLE IF NOT EXISTS one_time_tokens (
    id         VARCHAR(36) COLLATE "C" PRIMARY KEY,
    tries      BIGINT NOT NULL,
    used_at    TIMESTAMP(6) NULL,
    expires_at TIMESTAMP(6) NOT NULL
);
CREATE INDEX IF NOT EXISTS one_time_tokens_by_end ON one_time_tokens (expires_at);
