//! A row that the audit table refuses for good does not hold up the others, whatever refuses it.

use std::{sync::Arc, time::Duration};

use auth_domain::{
    audit::{
        entry::Filter,
        event::AuditEvent,
        kind::EventKind,
        ports::{AuditSink, AuditStore},
    },
    identity::request_context::{RequestContext, UserAgent},
    testkit::{MemoryAudit, samples::after},
};
use auth_infra::{
    audit::{QueueOptions, QueuedAudit},
    db::DieselAudit,
};

use crate::scratch::{Engine, Scratch};

crate::on_each_engine! {
    a_value_that_a_column_does_not_take_any_more,
    a_check_that_an_operator_added,
    a_trigger_that_raises,
    a_trigger_that_minds_the_kind_of_an_event,
}

/// Longer than it takes.
const LONG: Duration = Duration::from_secs(60);

/// Records good events and, in between, one that is refused. Returns the agents and kinds in the table.
async fn record_past(engine: Engine, obstacle: &str) -> Vec<(String, String)> {
    let scratch = Scratch::new(engine);
    let trail = DieselAudit(scratch.migrated());
    scratch.execute(obstacle);
    let options = QueueOptions { first_pause: Duration::from_millis(1), ..QueueOptions::default() };
    let audit = QueuedAudit::start(Arc::new(MemoryAudit::default()), Arc::new(trail.clone()), options).unwrap();
    let record = |number: i64, agent: &str, kind| {
        let user_agent = Some(UserAgent::new(agent));
        let context = RequestContext { user_agent, request_id: "request".to_owned(), ..RequestContext::default() };
        audit.record(AuditEvent::new(kind, &context, after(number)));
    };
    record(0, "good", EventKind::LoginSucceeded);
    record(1, "an evil agent 🦀", EventKind::LoginFailed);
    record(2, "good", EventKind::LoginSucceeded);
    record(3, "good", EventKind::LoggedOut);
    tokio::task::block_in_place(|| audit.close(LONG));
    let all = Filter { whose: None, event: None, since: after(0), until: None, before: None, limit: 100 };
    let mut entries = trail.list(&all).await.unwrap();
    entries.reverse();
    let agent = |agent: Option<UserAgent>| agent.map(|agent| agent.as_str().to_owned()).unwrap_or_default();
    entries.into_iter().map(|entry| (agent(entry.context.user_agent), entry.event.into_owned())).collect()
}

fn good(kind: &str) -> (String, String) {
    ("good".to_owned(), kind.to_owned())
}

/// All of them, the refused one without what the client sent.
async fn assert_kept_bare(engine: Engine, obstacle: &str) {
    let kept = record_past(engine, obstacle).await;
    let bare = (String::new(), "login_failed".to_owned());
    assert_eq!(kept, [good("login_succeeded"), bare, good("login_succeeded"), good("logged_out")]);
}

async fn a_value_that_a_column_does_not_take_any_more(engine: Engine) {
    assert_kept_bare(
        engine,
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                "CREATE TRIGGER narrow BEFORE INSERT ON audit_events WHEN length(NEW.user_agent) > 5 \
             BEGIN SELECT RAISE(ABORT, 'too long'); END"
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => "ALTER TABLE audit_events ALTER COLUMN user_agent TYPE VARCHAR(5)",
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                "ALTER TABLE audit_events MODIFY user_agent VARCHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL"
            }
        },
    )
    .await;
}

async fn a_check_that_an_operator_added(engine: Engine) {
    assert_kept_bare(
        engine,
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                "CREATE TABLE anew (id TEXT PRIMARY KEY NOT NULL, occurred_at TIMESTAMP NOT NULL, event TEXT NOT NULL, \
             outcome TEXT NOT NULL, reason TEXT, user_id TEXT, session_id TEXT, email TEXT, address TEXT, \
             user_agent TEXT CHECK (user_agent NOT LIKE '%evil%'), request_id TEXT NOT NULL, methods TEXT, \
             actor_type TEXT, actor_id TEXT, members TEXT); \
             DROP TABLE audit_events; ALTER TABLE anew RENAME TO audit_events"
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => "ALTER TABLE audit_events ADD CHECK (user_agent NOT LIKE '%evil%')",
            #[cfg(feature = "mysql")]
            Engine::Mysql => "ALTER TABLE audit_events ADD CONSTRAINT good CHECK (user_agent NOT LIKE '%evil%')",
        },
    )
    .await;
}

fn trigger(engine: Engine, condition: &str) -> String {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => {
            format!("CREATE TRIGGER minds BEFORE INSERT ON audit_events WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END")
        }
        #[cfg(feature = "postgres")]
        Engine::Postgres => format!(
            "CREATE FUNCTION minds() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER minds BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION minds()"
        ),
        #[cfg(feature = "mysql")]
        Engine::Mysql => format!(
            "CREATE TRIGGER minds BEFORE INSERT ON audit_events FOR EACH ROW \
             IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF"
        ),
    }
}

async fn a_trigger_that_raises(engine: Engine) {
    assert_kept_bare(engine, &trigger(engine, "NEW.user_agent LIKE '%evil%'")).await;
}

async fn a_trigger_that_minds_the_kind_of_an_event(engine: Engine) {
    let kept = record_past(engine, &trigger(engine, "NEW.event = 'login_failed'")).await;
    assert_eq!(kept, [good("login_succeeded"), good("login_succeeded"), good("logged_out")]);
}
