DROP TABLE mail_outbox;
DROP TABLE mail_allowances;
DROP TABLE pending_registrations;
DROP TABLE mailbox_proofs;
ALTER TABLE users DROP COLUMN language;
ALTER TABLE users DROP COLUMN pending_email_until;
ALTER TABLE users DROP COLUMN pending_email;
ALTER TABLE users DROP COLUMN email_verified_at;
