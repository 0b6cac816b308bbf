-- No foreign key to users: the events of an account outlive it.
-- audit_events_by_user and audit_events_by_email find entries by account and by the address of the attempt.
-- audit_events_by_time finds the latest entries, and those that can be deleted.
CREATE TABLE IF NOT EXISTS audit_events (
    id          VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NOT NULL,
    occurred_at DATETIME(6)  NOT NULL,
    event       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    outcome     VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    reason      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    user_id     VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NULL,
    session_id  VARCHAR(36)  CHARACTER SET ascii   COLLATE ascii_bin   NULL,
    email       VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    address     VARCHAR(45)  CHARACTER SET ascii   COLLATE ascii_bin   NULL,
    user_agent  VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (id),
    KEY audit_events_by_user (user_id, occurred_at),
    KEY audit_events_by_email (email, occurred_at),
    KEY audit_events_by_time (occurred_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
