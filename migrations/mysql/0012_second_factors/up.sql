-- What a login asks for after the password, and how many wrong codes an account has had.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'wrong_code_at');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN second_factors VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN wrong_codes BIGINT NOT NULL DEFAULT 0, ADD COLUMN wrong_code_at DATETIME(6) NULL');
PREPARE change_users FROM @change;
EXECUTE change_users;
DEALLOCATE PREPARE change_users;

-- How somebody was authenticated.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'audit_events' AND column_name = 'methods');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE audit_events ADD COLUMN methods VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE change_audit_events FROM @change;
EXECUTE change_audit_events;
DEALLOCATE PREPARE change_audit_events;

-- Secrets that accounts share with authenticator apps, encrypted. One without `confirmed_at` waits for its first code.
CREATE TABLE IF NOT EXISTS totp_factors (
    id             VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    user_id        VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    encrypted_with VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    encrypted_text VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at     DATETIME(6) NOT NULL,
    confirmed_at   DATETIME(6) NULL,
    last_step      BIGINT NOT NULL,
    last_used_at   DATETIME(6) NULL,
    KEY totp_factors_by_user (user_id),
    KEY totp_factors_by_key (encrypted_with),
    KEY totp_factors_by_state (confirmed_at, created_at),
    CONSTRAINT totp_factors_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Public keys of passkeys. Bytes are in base64url.
CREATE TABLE IF NOT EXISTS passkeys (
    id              VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    user_id         VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    credential_id   VARCHAR(1364) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    public_key      VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    counter         BIGINT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    aaguid          VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    transports      VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at      DATETIME(6) NOT NULL,
    last_used_at    DATETIME(6) NULL,
    KEY passkeys_by_user (user_id),
    UNIQUE KEY passkeys_by_credential (credential_id),
    CONSTRAINT passkeys_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Recovery codes, as SHA-256.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id    VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    digest     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NULL,
    PRIMARY KEY (user_id, digest),
    CONSTRAINT recovery_codes_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One-time tokens that were used, or had wrong codes, until they expire. An unused one is not stored.
CREATE TABLE IF NOT EXISTS one_time_tokens (
    id         VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    tries      BIGINT NOT NULL,
    used_at    DATETIME(6) NULL,
    expires_at DATETIME(6) NOT NULL,
    KEY one_time_tokens_by_end (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
