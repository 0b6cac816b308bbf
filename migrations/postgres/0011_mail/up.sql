-- Whether the owner of an account reads the mails of its address, which address is to be its next, and in which language notices are.
ALTER TABLE users ADD COLUMN IF NOT EXISTS email_verified_at TIMESTAMP(6) NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS pending_email VARCHAR(254) COLLATE "C" NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS pending_email_until TIMESTAMP(6) NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS language VARCHAR(8) COLLATE "C" NULL;

-- Tokens and codes are derived from the id. A proof with no account is for that of the address, when it is used.
CREATE TABLE IF NOT EXISTS mailbox_proofs (
    id         VARCHAR(36) COLLATE "C" PRIMARY KEY,
    purpose    VARCHAR(16) COLLATE "C" NOT NULL,
    address    VARCHAR(254) COLLATE "C" NOT NULL,
    user_id    VARCHAR(36) COLLATE "C" NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP(6) NOT NULL,
    expires_at TIMESTAMP(6) NOT NULL,
    spent_at   TIMESTAMP(6) NULL,
    voided_at  TIMESTAMP(6) NULL,
    tries      BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_address ON mailbox_proofs (address, purpose);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_user ON mailbox_proofs (user_id);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_end ON mailbox_proofs (expires_at);

-- What somebody registered for an address that has to be verified first. No account yet.
CREATE TABLE IF NOT EXISTS pending_registrations (
    address       VARCHAR(254) COLLATE "C" PRIMARY KEY,
    password_hash VARCHAR(255) COLLATE "C" NOT NULL,
    language      VARCHAR(8) COLLATE "C" NULL,
    created_at    TIMESTAMP(6) NOT NULL,
    expires_at    TIMESTAMP(6) NOT NULL
);
CREATE INDEX IF NOT EXISTS pending_registrations_by_end ON pending_registrations (expires_at);

-- When an address last got mails for one purpose, whether or not it has an account.
CREATE TABLE IF NOT EXISTS mail_allowances (
    address VARCHAR(254) COLLATE "C" NOT NULL,
    purpose VARCHAR(16) COLLATE "C" NOT NULL,
    sent_1  TIMESTAMP(6) NOT NULL,
    sent_2  TIMESTAMP(6) NULL,
    sent_3  TIMESTAMP(6) NULL,
    sent_4  TIMESTAMP(6) NULL,
    sent_5  TIMESTAMP(6) NULL,
    PRIMARY KEY (address, purpose)
);
CREATE INDEX IF NOT EXISTS mail_allowances_by_time ON mail_allowances (sent_1);

-- Mails that wait, and for some days those that are done. A mail outlives its account: the last one says that it is gone.
CREATE TABLE IF NOT EXISTS mail_outbox (
    id              VARCHAR(36) COLLATE "C" PRIMARY KEY,
    occasion        VARCHAR(32) COLLATE "C" NOT NULL,
    recipient       VARCHAR(254) COLLATE "C" NOT NULL,
    language        VARCHAR(8) COLLATE "C" NULL,
    origin          VARCHAR(128) COLLATE "C" NOT NULL,
    other_address   VARCHAR(254) COLLATE "C" NULL,
    proof_id        VARCHAR(36) COLLATE "C" NULL,
    created_at      TIMESTAMP(6) NOT NULL,
    expires_at      TIMESTAMP(6) NOT NULL,
    state           VARCHAR(16) COLLATE "C" NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at TIMESTAMP(6) NOT NULL,
    leased_by       VARCHAR(36) COLLATE "C" NULL,
    leased_until    TIMESTAMP(6) NULL,
    last_error      VARCHAR(500) COLLATE "C" NULL,
    done_at         TIMESTAMP(6) NULL
);
CREATE INDEX IF NOT EXISTS mail_outbox_by_turn ON mail_outbox (state, next_attempt_at);
CREATE INDEX IF NOT EXISTS mail_outbox_by_age ON mail_outbox (state, created_at);
CREATE INDEX IF NOT EXISTS mail_outbox_by_lease ON mail_outbox (leased_by);
CREATE INDEX IF NOT EXISTS mail_outbox_by_end ON mail_outbox (done_at);
