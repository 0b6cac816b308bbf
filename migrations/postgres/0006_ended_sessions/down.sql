DROP TABLE IF EXISTS ended_sessions;
