-- Whether the owner of an account reads the mails of its address, which address is to be its next, and in which language notices are.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'language');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN email_verified_at DATETIME(6) NULL, ADD COLUMN pending_email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, ADD COLUMN pending_email_until DATETIME(6) NULL, ADD COLUMN language VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE change_users FROM @change;
EXECUTE change_users;
DEALLOCATE PREPARE change_users;

-- Tokens and codes are derived from the id. A proof with no account is for that of the address, when it is used.
CREATE TABLE IF NOT EXISTS mailbox_proofs (
    id         VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    purpose    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    address    VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    user_id    VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    spent_at   DATETIME(6) NULL,
    voided_at  DATETIME(6) NULL,
    tries      BIGINT NOT NULL,
    KEY mailbox_proofs_by_address (address, purpose),
    KEY mailbox_proofs_by_user (user_id),
    KEY mailbox_proofs_by_end (expires_at),
    CONSTRAINT mailbox_proofs_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What somebody registered for an address that has to be verified first. No account yet.
CREATE TABLE IF NOT EXISTS pending_registrations (
    address       VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    language      VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at    DATETIME(6) NOT NULL,
    expires_at    DATETIME(6) NOT NULL,
    KEY pending_registrations_by_end (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When an address last got mails for one purpose, whether or not it has an account.
CREATE TABLE IF NOT EXISTS mail_allowances (
    address VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sent_1  DATETIME(6) NOT NULL,
    sent_2  DATETIME(6) NULL,
    sent_3  DATETIME(6) NULL,
    sent_4  DATETIME(6) NULL,
    sent_5  DATETIME(6) NULL,
    PRIMARY KEY (address, purpose),
    KEY mail_allowances_by_time (sent_1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Mails that wait, and for some days those that are done. A mail outlives its account: the last one says that it is gone.
CREATE TABLE IF NOT EXISTS mail_outbox (
    id              VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    occasion        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    recipient       VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    language        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    origin          VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    other_address   VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    proof_id        VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at      DATETIME(6) NOT NULL,
    expires_at      DATETIME(6) NOT NULL,
    state           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at DATETIME(6) NOT NULL,
    leased_by       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    leased_until    DATETIME(6) NULL,
    last_error      VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    done_at         DATETIME(6) NULL,
    KEY mail_outbox_by_turn (state, next_attempt_at),
    KEY mail_outbox_by_age (state, created_at),
    KEY mail_outbox_by_lease (leased_by),
    KEY mail_outbox_by_end (done_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
