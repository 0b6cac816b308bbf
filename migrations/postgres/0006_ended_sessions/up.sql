-- Sessions of deleted accounts: listed as ended until their access tokens have expired.
CREATE TABLE IF NOT EXISTS ended_sessions (
    id       VARCHAR(36)  COLLATE "C" NOT NULL PRIMARY KEY,
    ended_at TIMESTAMP(6) NOT NULL
);
CREATE INDEX IF NOT EXISTS ended_sessions_by_time ON ended_sessions (ended_at);
