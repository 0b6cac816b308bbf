ALTER TABLE sessions DROP COLUMN methods, DROP COLUMN authenticated_at;
