-- Whether the owner of an account reads the mails of its address, which address is to be its next, and in which language notices are.
ALTER TABLE users ADD COLUMN email_verified_at TIMESTAMP NULL;
ALTER TABLE users ADD COLUMN pending_email TEXT NULL;
ALTER TABLE users ADD COLUMN pending_email_until TIMESTAMP NULL;
ALTER TABLE users ADD COLUMN language TEXT NULL;

-- Tokens and codes are derived from the id. A proof with no account is for that of the address, when it is used.
CREATE TABLE IF NOT EXISTS mailbox_proofs (
    id         TEXT      PRIMARY KEY,
    purpose    TEXT      NOT NULL,
    address    TEXT      NOT NULL,
    user_id    TEXT      NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    spent_at   TIMESTAMP NULL,
    voided_at  TIMESTAMP NULL,
    tries      BIGINT    NOT NULL
);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_address ON mailbox_proofs (address, purpose);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_user ON mailbox_proofs (user_id);
CREATE INDEX IF NOT EXISTS mailbox_proofs_by_end ON mailbox_proofs (expires_at);

-- What somebody registered for an address that has to be verified first. No account yet.
CREATE TABLE IF NOT EXISTS pending_registrations (
    address       TEXT      PRIMARY KEY,
    password_hash TEXT      NOT NULL,
    language      TEXT      NULL,
    created_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS pending_registrations_by_end ON pending_registrations (expires_at);

-- When an address last got mails for one purpose, whether or not it has an account.
CREATE TABLE IF NOT EXISTS mail_allowances (
    address TEXT      NOT NULL,
    purpose TEXT      NOT NULL,
    sent_1  TIMESTAMP NOT NULL,
    sent_2  TIMESTAMP NULL,
    sent_3  TIMESTAMP NULL,
    sent_4  TIMESTAMP NULL,
    sent_5  TIMESTAMP NULL,
    PRIMARY KEY (address, purpose)
);
CREATE INDEX IF NOT EXISTS mail_allowances_by_time ON mail_allowances (sent_1);

-- Mails that wait, and for some days those that are done. A mail outlives its account: the last one says that it is gone.
CREATE TABLE IF NOT EXISTS mail_outbox (
    id              TEXT      PRIMARY KEY,
    occasion        TEXT      NOT NULL,
    recipient       TEXT      NOT NULL,
    language        TEXT      NULL,
    origin          TEXT      NOT NULL,
    other_address   TEXT      NULL,
    proof_id        TEXT      NULL,
    created_at      TIMESTAMP NOT NULL,
    expires_at      TIMESTAMP NOT NULL,
    state           TEXT      NOT NULL,
    attempts        BIGINT    NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    leased_by       TEXT      NULL,
    leased_until    TIMESTAMP NULL,
    last_error      TEXT      NULL,
    done_at         TIMESTAMP NULL
);
CREATE INDEX IF NOT EXISTS mail_outbox_by_turn ON mail_outbox (state, next_attempt_at);
CREATE INDEX IF NOT EXISTS mail_outbox_by_age ON mail_outbox (state, created_at);
CREATE INDEX IF NOT EXISTS mail_outbox_by_lease ON mail_outbox (leased_by);
CREATE INDEX IF NOT EXISTS mail_outbox_by_end ON mail_outbox (done_at);
