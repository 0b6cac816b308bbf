ALTER TABLE audit_events DROP KEY audit_events_by_event, DROP COLUMN members, DROP COLUMN actor_id, DROP COLUMN actor_type;
ALTER TABLE oauth_clients DROP COLUMN scopes_version, DROP COLUMN scopes;
DROP TABLE IF EXISTS user_roles;
ALTER TABLE users DROP KEY users_by_state, DROP COLUMN listed_as;
ALTER TABLE users MODIFY COLUMN password_hash VARBINARY(255) NOT NULL;
ALTER TABLE users DROP COLUMN described_at, DROP COLUMN attributes, DROP COLUMN profile, DROP COLUMN roles;
