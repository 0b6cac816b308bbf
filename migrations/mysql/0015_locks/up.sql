-- Moved by whoever locks the row: a Galera cluster compares between servers only rows that have changed.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'locks');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN locks BIGINT NOT NULL DEFAULT 0');
PREPARE lock_users FROM @change;
EXECUTE lock_users;
DEALLOCATE PREPARE lock_users;

SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'user_roles' AND column_name = 'locks');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE user_roles ADD COLUMN locks BIGINT NOT NULL DEFAULT 0');
PREPARE lock_roles FROM @change;
EXECUTE lock_roles;
DEALLOCATE PREPARE lock_roles;
