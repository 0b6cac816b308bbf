-- Lists of those who have a role are in the order of addresses, and of one state: copies of `users.listed_as` and `users.email`.
ALTER TABLE user_roles ADD COLUMN listed_as SMALLINT NULL;
ALTER TABLE user_roles ADD COLUMN email TEXT NULL;
UPDATE user_roles SET (listed_as, email) = (SELECT listed_as, email FROM users WHERE users.id = user_roles.user_id);
CREATE INDEX IF NOT EXISTS user_roles_by_state ON user_roles (role, listed_as, email, user_id);
