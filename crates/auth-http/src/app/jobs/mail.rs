//! The job that sends mails, and what is counted of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::web::Data;
use async_trait::async_trait;
use auth_domain::{
    identity::clock::Clock,
    mail::{
        message::Mail,
        outbox::Backlog,
        ports::{Delivery, MailTransport},
    },
    mailbox::send::{Batch, SendMails},
};
use parking_lot::Mutex;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};
use tokio::time::sleep;

use super::runner::{Job, Next, Stop};
use crate::app::{mail::MailUseCases, use_cases::UseCases};

/// The pause between two looks at the outbox: whoever waits for a mail waits for this too.
const LOOK: Duration = Duration::from_secs(1);

/// The pause before each mail. It leaves the processor to requests while the outbox is full: about 500 mails a second are left.
const PACE: Duration = Duration::from_millis(1);

/// How many looks it takes before the outbox is counted again: that reads every row that waits.
const COUNT_EVERY: u64 = 15;

#[derive(Clone)]
struct MailMetrics {
    depth: IntGauge,
    oldest: IntGauge,
    dead: IntGauge,
    outcomes: IntCounterVec,
}

impl MailMetrics {
    /// # Errors
    /// The registry has them already.
    fn register(registry: &Registry) -> prometheus::Result<Self> {
        let outcomes = Opts::new("auth_mail_attempts_total", "Attempts to send a mail, by what came of them.");
        let metrics = Self {
            depth: IntGauge::new("auth_mail_outbox_waiting", "Mails that wait for their first attempt, or the next.")?,
            oldest: IntGauge::new("auth_mail_outbox_oldest_seconds", "The age of the oldest mail that waits; 0 if none does.")?,
            dead: IntGauge::new("auth_mail_outbox_dead", "Mails that were given up, in the last seven days.")?,
            outcomes: IntCounterVec::new(outcomes, &["outcome"])?,
        };
        for gauge in [&metrics.depth, &metrics.oldest, &metrics.dead] {
            registry.register(Box::new(gauge.clone()))?;
        }
        registry.register(Box::new(metrics.outcomes.clone()))?;
        // All outcomes are there to be seen: `rate()` then sees the first of each as an increase.
        metrics.count(&Batch::default());
        Ok(metrics)
    }

    fn count(&self, batch: &Batch) {
        let outcomes = [("sent", batch.sent), ("deferred", batch.deferred), ("dead", batch.dead), ("dropped", batch.dropped)];
        for (outcome, many) in outcomes {
            self.outcomes.with_label_values(&[outcome]).inc_by(many);
        }
    }

    fn show(&self, backlog: Backlog, clock: &dyn Clock) {
        let age = backlog.oldest.map_or(0, |at| (clock.now() - at).num_seconds().max(0));
        self.depth.set(i64::try_from(backlog.waiting).unwrap_or(i64::MAX));
        self.dead.set(i64::try_from(backlog.dead).unwrap_or(i64::MAX));
        self.oldest.set(age);
    }
}

/// What the log was last told of the mail server.
#[derive(Default)]
struct Told(Mutex<Option<String>>);

impl Told {
    /// The same fault is told once, however often it comes again; and that it is over.
    fn tell(&self, fault: Option<String>) {
        let mut told = self.0.lock();
        match (&*told, &fault) {
            (Some(_), None) => tracing::info!("the mail server takes mail again"),
            (before, Some(fault)) if before.as_ref() != Some(fault) => {
                tracing::error!(fault, "the mail server takes no mail; mails wait");
            }
            (None | Some(_), _) => {}
        }
        *told = fault;
    }
}

/// Hands mails over, a little apart, and until a stop needs the time: a mail server that hangs keeps no server from giving back what it
/// took.
struct Paced {
    transport: Arc<dyn MailTransport>,
    stop: Stop,
}

#[async_trait]
impl MailTransport for Paced {
    async fn turn(&self) {
        sleep(PACE).await;
    }

    async fn deliver(&self, mail: &Mail) -> Delivery {
        let given_up =
            || Delivery::Later { why: "this server stopped before the mail server answered".to_owned(), server_is_away: true };
        tokio::select! {
            delivery = self.transport.deliver(mail) => delivery,
            () = self.stop.clone().last_call() => given_up(),
        }
    }

    async fn hang_up(&self) {
        tokio::select! {
            () = self.transport.hang_up() => {}
            () = self.stop.clone().last_call() => {}
        }
    }
}

/// Sends what is due. While the mail server is away, nothing else waits for it.
///
/// # Errors
/// Its metrics are registered already.
pub(super) fn send(app: &Data<UseCases>, mail: &Data<MailUseCases>) -> prometheus::Result<Job> {
    let metrics = MailMetrics::register(&app.ports.measures)?;
    let (app, mail, looks, told) = (app.clone(), mail.clone(), AtomicU64::new(0), Arc::<Told>::default());
    let run = move |stop: Stop| {
        let (app, metrics, told) = (app.clone(), metrics.clone(), told.clone());
        let transport = Arc::new(Paced { transport: mail.send.transport.clone(), stop: stop.clone() });
        let send = SendMails { transport, ..mail.send.clone() };
        let is_count_due = looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(COUNT_EVERY);
        async move {
            let batch = send.execute(&|| stop.is_told()).await?;
            metrics.count(&batch);
            told.tell(batch.server_is_away);
            if is_count_due {
                metrics.show(app.ports.mail.outbox.backlog().await?, &*app.ports.clock);
            }
            Ok(if batch.more { Next::AtOnce } else { Next::AfterInterval })
        }
    };
    let tell = |fault: &str| tracing::error!(fault, "cannot look into the outbox; mails wait");
    Ok(Job::new("mail", LOOK, run, tell))
}
