//! A postbox that remembers what it was given.

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::mail::{
    message::Mail,
    ports::{Delivery, MailTransport},
};

/// Takes every mail, unless it was told to say something else.
#[derive(Clone, Default)]
pub(crate) struct Postbox(Arc<Mutex<Post>>);

#[derive(Default)]
struct Post {
    taken: Vec<Mail>,
    answers: VecDeque<Delivery>,
    attempts: usize,
    hang_ups: usize,
}

impl Postbox {
    /// The answer to the next mail that is not answered yet.
    pub(crate) fn will_say(&self, answer: Delivery) {
        self.0.lock().answers.push_back(answer);
    }

    /// Every mail that was accepted, in order.
    pub(crate) fn taken(&self) -> Vec<Mail> {
        self.0.lock().taken.clone()
    }

    pub(crate) fn attempts(&self) -> usize {
        self.0.lock().attempts
    }

    pub(crate) fn hang_ups(&self) -> usize {
        self.0.lock().hang_ups
    }
}

#[async_trait]
impl MailTransport for Postbox {
    async fn deliver(&self, mail: &Mail) -> Delivery {
        let mut post = self.0.lock();
        post.attempts += 1;
        let answer = post.answers.pop_front().unwrap_or(Delivery::Accepted);
        if answer == Delivery::Accepted {
            post.taken.push(mail.clone());
        }
        answer
    }

    async fn hang_up(&self) {
        self.0.lock().hang_ups += 1;
    }
}
