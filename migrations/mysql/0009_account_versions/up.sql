-- How often an account's credentials or state have changed: what was proven of it holds only for one version.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'version');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 0');
PREPARE change_users FROM @change;
EXECUTE change_users;
DEALLOCATE PREPARE change_users;
