-- What an account is allowed, and what is kept of it: names of roles, and JSON objects.
ALTER TABLE users ADD COLUMN IF NOT EXISTS roles VARCHAR(2048) COLLATE "C" NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS profile TEXT COLLATE "C" NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS attributes TEXT COLLATE "C" NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS described_at TIMESTAMP(6) NULL;

-- Under which state lists have it: 0 enabled, 1 disabled, 2 enabled and verified, 3 disabled and verified. Every release keeps it.
ALTER TABLE users ADD COLUMN IF NOT EXISTS listed_as SMALLINT GENERATED ALWAYS AS (CASE WHEN disabled_at IS NULL AND email_verified_at IS NULL THEN 0 WHEN email_verified_at IS NULL THEN 1 WHEN disabled_at IS NULL THEN 2 ELSE 3 END) STORED;
CREATE INDEX IF NOT EXISTS users_by_state ON users (listed_as, email);

-- Who has a role: an index of `users.roles`.
CREATE TABLE IF NOT EXISTS user_roles (
    role    VARCHAR(63) COLLATE "C" NOT NULL,
    user_id VARCHAR(36) COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
);
CREATE INDEX IF NOT EXISTS user_roles_by_user ON user_roles (user_id);

-- What a client may do, and how often that has changed: its tokens name the number.
ALTER TABLE oauth_clients ADD COLUMN IF NOT EXISTS scopes VARCHAR(255) COLLATE "C" NULL;
ALTER TABLE oauth_clients ADD COLUMN IF NOT EXISTS scopes_version BIGINT NOT NULL DEFAULT 0;

-- Who did it, and what of an account it was done to.
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS actor_type VARCHAR(16) COLLATE "C" NULL;
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS actor_id VARCHAR(36) COLLATE "C" NULL;
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS members VARCHAR(128) COLLATE "C" NULL;
CREATE INDEX IF NOT EXISTS audit_events_by_event ON audit_events (event, occurred_at);
