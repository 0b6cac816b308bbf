ALTER TABLE user_roles DROP KEY user_roles_by_state, DROP COLUMN email, DROP COLUMN listed_as;
