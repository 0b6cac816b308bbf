-- When and how a session's owner was authenticated. Nothing here means: when it began, by a password.
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS authenticated_at TIMESTAMP NULL;
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS methods TEXT NULL;
