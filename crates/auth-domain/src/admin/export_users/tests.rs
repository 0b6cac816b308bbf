//! Everybody goes out once, and the trail knows before the first does.

use super::*;
use crate::{
    accounts::ports::UserStore,
    admin::ports::MockTransferStore,
    audit::event::Actor,
    identity::ids::ClientId,
    testing::{clock, down},
    testkit::{
        MemoryAudit, MemoryStore,
        samples::{id, operator, start, user},
    },
};

fn export(store: impl TransferStore + 'static, audit: &MemoryAudit) -> ExportUsers {
    ExportUsers { store: Arc::new(store), audit: Arc::new(audit.clone()), clock: clock() }
}

#[tokio::test]
async fn everybody_goes_out_once_in_the_order_of_ids() {
    let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
    let mut expected = Vec::new();
    for number in 0..2 * TRANSFER_BATCH + 3 {
        let user = user(&format!("user{number}@example.org"));
        assert!(UserStore::insert(&store, &user, None, None).await.is_ok());
        expected.push(user.id);
    }
    let export = export(store, &audit);
    let mut page = export.begin(&operator()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(last) = page.last() {
        assert!(u32::try_from(page.len()).unwrap() <= TRANSFER_BATCH);
        let after = last.user.id;
        seen.extend(page.iter().map(|record| record.user.id));
        page = export.page(Some(after)).await.unwrap();
    }
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_trail_has_who_exported_once() {
    let audit = MemoryAudit::default();
    let by = Initiator { actor: Actor::Client(ClientId(id())), ..operator() };
    let export = export(MemoryStore::default(), &audit);
    assert_eq!(export.begin(&by).await.unwrap(), Vec::new(), "an empty server is exported as well");
    assert_eq!(export.page(None).await.unwrap(), Vec::new());
    let expected = AuditEvent::new(EventKind::UsersExported, &by.context, start()).by(by.actor);
    assert_eq!(audit.events(), [expected]);
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_nothing_has_left() {
    let (mut store, audit) = (MockTransferStore::new(), MemoryAudit::default());
    store.expect_page().returning(|_, _| down());
    let export = export(store, &audit);
    assert!(matches!(export.begin(&operator()).await, Err(PortError::Unavailable(_))));
    assert!(matches!(export.page(None).await, Err(PortError::Unavailable(_))));
    assert_eq!(audit.events(), []);
}
