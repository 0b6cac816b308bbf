-- DDL is not transactional here, so each statement can be repeated and creates a table with all its indexes.
-- The _bin collations compare exactly, as the other engines do, except for trailing spaces. Ids and addresses
-- have none, and password hashes are compared as bytes.
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

-- sessions_by_user finds the live sessions of an account, and all of them when it is deleted.
-- sessions_by_end and sessions_by_expiry find what can be deleted.
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
