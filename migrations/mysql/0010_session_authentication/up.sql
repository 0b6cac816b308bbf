-- When and how a session's owner was authenticated. Nothing here means: when it began, by a password.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'methods');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE sessions ADD COLUMN authenticated_at DATETIME(6) NULL, ADD COLUMN methods VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE change_sessions FROM @change;
EXECUTE change_sessions;
DEALLOCATE PREPARE change_sessions;
