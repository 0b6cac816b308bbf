//! An import that waits for somebody else's transaction sees what came of it.

use auth_domain::{
    admin::{
        ports::{
            Stored::{self, EmailTaken, FactorTaken, Yes},
            TransferStore,
        },
        transfer::AccountRecord,
    },
    testkit::{
        admin::samples::{bare, whole},
        samples::{after, user},
    },
};
use auth_infra::db::DieselTransfers;

use crate::scratch::{Engine, Scratch};

crate::on_each_server! {
    an_address_that_its_owner_gives_up_is_kept_for_them,
    an_address_that_somebody_registers_is_theirs,
    an_address_that_nobody_registers_after_all_is_free,
    a_passkey_that_somebody_adds_is_theirs,
}

/// Ann is there. Statements are run and not committed, the import begins and waits, others do something, and then the first end.
async fn against(engine: Engine, statements: &str, others: &str, end: &str, accounts: Vec<AccountRecord>) -> Vec<Stored> {
    let scratch = Scratch::new(engine);
    let transfers = DieselTransfers(scratch.migrated());
    scratch.execute(
        "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES \
         ('00000000-0000-7000-8000-000000000001', 'ann@example.org', 'x', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    );
    let mut held = scratch.holding(&format!("BEGIN; {statements}"));
    let importing = tokio::spawn(async move { transfers.insert(&accounts, after(0)).await.unwrap() });
    tokio::task::block_in_place(|| {
        scratch.until_somebody_waits();
        scratch.execute(others);
        held.batch_execute(end).unwrap();
    });
    importing.await.unwrap()
}

const NOTHING: &str = "SELECT 1";

/// Three, of which the second wants an address.
fn three(address: &str) -> Vec<AccountRecord> {
    ["first@example.org", address, "last@example.org"].map(|address| bare(user(address))).to_vec()
}

const REGISTER: &str = "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES \
    ('00000000-0000-7000-8000-000000000003', 'ben@example.org', 'x', '2026-01-01 00:00:00', '2026-01-01 00:00:00')";

async fn an_address_that_somebody_registers_is_theirs(engine: Engine) {
    assert_eq!(against(engine, REGISTER, NOTHING, "COMMIT", three("ben@example.org")).await, [Yes, EmailTaken, Yes]);
}

async fn an_address_that_nobody_registers_after_all_is_free(engine: Engine) {
    assert_eq!(against(engine, REGISTER, NOTHING, "ROLLBACK", three("ben@example.org")).await, [Yes; 3]);
}

/// Somebody gets it and leaves it, with a link that puts it back, while the import waits for another row.
async fn an_address_that_its_owner_gives_up_is_kept_for_them(engine: Engine) {
    // Her row alone: MariaDB would wait for the rows that the import has written so far.
    let come_and_go = "UPDATE users SET email = 'last@example.org' WHERE email = 'ann@example.org'; \
        UPDATE users SET email = 'new@example.org' WHERE email = 'last@example.org'; \
        INSERT INTO mailbox_proofs (id, purpose, address, user_id, created_at, expires_at, tries) VALUES \
        ('00000000-0000-7000-8000-000000000002', 'undo', 'last@example.org', '00000000-0000-7000-8000-000000000001', \
         '2026-01-01 00:00:00', '2100-01-01 00:00:00', 0)";
    let stored = against(engine, REGISTER, come_and_go, "ROLLBACK", three("ben@example.org")).await;
    assert_eq!(stored, [Yes, Yes, EmailTaken]);
}

async fn a_passkey_that_somebody_adds_is_theirs(engine: Engine) {
    let account = whole("cid@example.org");
    // As an adapter shows it.
    let credential = account.passkeys[0].credential.id.as_bytes();
    let credential = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, credential);
    let add = format!(
        "INSERT INTO passkeys (id, user_id, name, credential_id, public_key, counter, backup_eligible, backed_up, aaguid, \
         transports, created_at) VALUES ('00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000001', \
         'Key', '{credential}', 'AAAA', 0, 1 = 1, 1 = 0, '00000000-0000-0000-0000-000000000000', 'usb', '2026-01-01 00:00:00')"
    );
    let accounts = vec![bare(user("first@example.org")), account, bare(user("last@example.org"))];
    assert_eq!(against(engine, &add, NOTHING, "COMMIT", accounts).await, [Yes, FactorTaken, Yes]);
}
