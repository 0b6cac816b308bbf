-- DDL is not transactional here: each statement can be repeated, and a table comes with all its indexes.
-- The _bin collations compare exactly, as the other engines do, but for spaces at the end: an id and
-- an address have none, and the form of a password is compared as the bytes that it is.
CREATE TABLE IF NOT EXISTS users (
    id            VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    email         VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_hash VARBINARY(255) NOT NULL,
    disabled_at   DATETIME(6) NULL,
    last_login_at DATETIME(6) NULL,
    created_at    DATETIME(6) NOT NULL,
    updated_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- sessions_by_user: whose live sessions these are, and what goes when an account is deleted.
-- sessions_by_end, sessions_by_expiry: what can be forgotten.
CREATE TABLE IF NOT EXISTS sessions (
    id           VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    user_id      VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    generation   BIGINT       NOT NULL,
    created_at   DATETIME(6)  NOT NULL,
    last_used_at DATETIME(6)  NOT NULL,
    expires_at   DATETIME(6)  NOT NULL,
    ended_at     DATETIME(6)  NULL,
    address      VARCHAR(45)  CHARACTER SET ascii   COLLATE ascii_bin   NULL,
    user_agent   VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    PRIMARY KEY (id),
    KEY sessions_by_user (user_id, ended_at, expires_at),
    KEY sessions_by_end (ended_at),
    KEY sessions_by_expiry (expires_at),
    CONSTRAINT sessions_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
