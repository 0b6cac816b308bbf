-- Lists of those who have a role are in the order of addresses, and of one state: copies of `users.listed_as` and `users.email`.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'user_roles' AND column_name = 'listed_as');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE user_roles ADD COLUMN listed_as SMALLINT NULL, ADD COLUMN email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, ADD KEY user_roles_by_state (role, listed_as, email, user_id)');
PREPARE list_roles FROM @change;
EXECUTE list_roles;
DEALLOCATE PREPARE list_roles;
UPDATE user_roles JOIN users ON users.id = user_roles.user_id SET user_roles.listed_as = users.listed_as, user_roles.email = users.email;
