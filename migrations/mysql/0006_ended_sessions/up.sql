-- Sessions of deleted accounts: listed as ended until their access tokens have expired.
CREATE TABLE IF NOT EXISTS ended_sessions (
    id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ended_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY ended_sessions_by_time (ended_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
