-- What an account is allowed, and what is kept of it: names of roles, and JSON objects.
-- Can be repeated, though MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'described_at');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN roles TEXT CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN profile TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, ADD COLUMN attributes TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, ADD COLUMN described_at DATETIME(6) NULL');
PREPARE describe_users FROM @change;
EXECUTE describe_users;
DEALLOCATE PREPARE describe_users;

-- Hashes of other systems are longer than ours, with the salts and keys that their text holds.
ALTER TABLE users MODIFY COLUMN password_hash VARBINARY(1024) NOT NULL;

-- Under which state lists have it: 0 enabled, 1 disabled, 2 enabled and verified, 3 disabled and verified. Every release keeps it.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'listed_as');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE users ADD COLUMN listed_as SMALLINT GENERATED ALWAYS AS (CASE WHEN disabled_at IS NULL AND email_verified_at IS NULL THEN 0 WHEN email_verified_at IS NULL THEN 1 WHEN disabled_at IS NULL THEN 2 ELSE 3 END) VIRTUAL, ADD KEY users_by_state (listed_as, email)');
PREPARE list_users FROM @change;
EXECUTE list_users;
DEALLOCATE PREPARE list_users;

-- Who has a role: an index of `users.roles`.
CREATE TABLE IF NOT EXISTS user_roles (
    role    VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (role, user_id),
    KEY user_roles_by_user (user_id),
    CONSTRAINT user_roles_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a client may do, and how often that has changed: its tokens name the number.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'oauth_clients' AND column_name = 'scopes_version');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE oauth_clients ADD COLUMN scopes VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN scopes_version BIGINT NOT NULL DEFAULT 0');
PREPARE scope_clients FROM @change;
EXECUTE scope_clients;
DEALLOCATE PREPARE scope_clients;

-- Who did it, and what of an account it was done to.
SET @there = (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'audit_events' AND column_name = 'members');
SET @change = IF(@there > 0, 'DO 0', 'ALTER TABLE audit_events ADD COLUMN actor_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN actor_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD COLUMN members VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD KEY audit_events_by_event (event, occurred_at)');
PREPARE tell_actors FROM @change;
EXECUTE tell_actors;
DEALLOCATE PREPARE tell_actors;
