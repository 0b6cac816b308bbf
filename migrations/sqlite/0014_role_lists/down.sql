DROP INDEX IF EXISTS user_roles_by_state;
ALTER TABLE user_roles DROP COLUMN email;
ALTER TABLE user_roles DROP COLUMN listed_as;
