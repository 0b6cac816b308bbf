DROP INDEX IF EXISTS user_roles_by_state;
ALTER TABLE user_roles DROP COLUMN IF EXISTS email, DROP COLUMN IF EXISTS listed_as;
