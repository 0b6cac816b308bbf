-- What an account is allowed, and what is kept of it: names of roles, and JSON objects.
ALTER TABLE users ADD COLUMN roles TEXT NULL;
ALTER TABLE users ADD COLUMN profile TEXT NULL;
ALTER TABLE users ADD COLUMN attributes TEXT NULL;
ALTER TABLE users ADD COLUMN described_at TIMESTAMP NULL;

-- Under which state lists have it: 0 enabled, 1 disabled, 2 enabled and verified, 3 disabled and verified. Every release keeps it.
ALTER TABLE users ADD COLUMN listed_as SMALLINT GENERATED ALWAYS AS (CASE WHEN disabled_at IS NULL AND email_verified_at IS NULL THEN 0 WHEN email_verified_at IS NULL THEN 1 WHEN disabled_at IS NULL THEN 2 ELSE 3 END) VIRTUAL;
CREATE INDEX IF NOT EXISTS users_by_state ON users (listed_as, email);

-- Who has a role: an index of `users.roles`.
CREATE TABLE IF NOT EXISTS user_roles (
    role    TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (role, user_id)
);
CREATE INDEX IF NOT EXISTS user_roles_by_user ON user_roles (user_id);

-- What a client may do, and how often that has changed: its tokens name the number.
ALTER TABLE oauth_clients ADD COLUMN scopes TEXT NULL;
ALTER TABLE oauth_clients ADD COLUMN scopes_version BIGINT NOT NULL DEFAULT 0;

-- Who did it, and what of an account it was done to.
ALTER TABLE audit_events ADD COLUMN actor_type TEXT NULL;
ALTER TABLE audit_events ADD COLUMN actor_id TEXT NULL;
ALTER TABLE audit_events ADD COLUMN members TEXT NULL;
CREATE INDEX IF NOT EXISTS audit_events_by_event ON audit_events (event, occurred_at);
