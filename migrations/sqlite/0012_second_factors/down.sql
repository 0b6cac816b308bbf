DROP TABLE one_time_tokens;
DROP TABLE recovery_codes;
DROP TABLE passkeys;
DROP TABLE totp_factors;
ALTER TABLE audit_events DROP COLUMN methods;
ALTER TABLE users DROP COLUMN wrong_code_at;
ALTER TABLE users DROP COLUMN wrong_codes;
ALTER TABLE users DROP COLUMN second_factors;
