-- When and how a session's owner was authenticated. Nothing here means: when it began, by a password.
ALTER TABLE sessions ADD COLUMN authenticated_at TIMESTAMP NULL;
ALTER TABLE sessions ADD COLUMN methods TEXT NULL;
