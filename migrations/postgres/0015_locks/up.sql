-- Moved by whoever locks the row: a Galera cluster compares between servers only rows that have changed.
ALTER TABLE users ADD COLUMN IF NOT EXISTS locks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE user_roles ADD COLUMN IF NOT EXISTS locks BIGINT NOT NULL DEFAULT 0;
