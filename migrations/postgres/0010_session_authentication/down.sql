ALTER TABLE sessions DROP COLUMN IF EXISTS methods;
ALTER TABLE sessions DROP COLUMN IF EXISTS authenticated_at;
