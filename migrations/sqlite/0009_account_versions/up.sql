-- How often an account's credentials or state have changed: what was proven of it holds only for one version.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
