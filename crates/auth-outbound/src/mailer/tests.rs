//! A mailer as the program has it.

use super::*;
use crate::{
    message::tests::{mail_to, rendered, sender},
    render::Rendered,
};

struct Words(Result<Rendered, String>);

impl Render for Words {
    fn render(&self, _mail: &Mail) -> Result<Rendered, String> {
        self.0.clone()
    }
}

fn mailer(url: &str, words: Result<Rendered, String>) -> Result<Mailer, MailerFault> {
    Mailer::new(&url.parse().unwrap(), sender(), Arc::new(Words(words)))
}

#[tokio::test]
async fn a_mail_goes_where_the_url_says() {
    let place = tempfile::tempdir().unwrap();
    let mailer = mailer(&format!("file:{}", place.path().display()), Ok(rendered())).unwrap();
    assert_eq!(mailer.probe().await, Ok(Probe::Folder));
    assert_eq!(mailer.deliver(&mail_to("ann@example.org")).await, Delivery::Accepted);
    mailer.hang_up().await;
    let file = std::fs::read_dir(&place).unwrap().next().unwrap().unwrap();
    assert!(std::fs::read_to_string(file.path()).unwrap().contains("To: ann@example.org\r\n"));
}

#[tokio::test]
async fn a_test_mail_asks_no_template_and_escapes_the_name() {
    let place = tempfile::tempdir().unwrap();
    let mailer = mailer(&format!("file:{}", place.path().display()), Err("no template".to_owned())).unwrap();
    let like = mail_to("ann@example.org");
    let test = TestMail { id: like.id, to: like.to, at: like.created_at, app_name: "Fish & <Chips>".to_owned() };
    assert_eq!(mailer.test(&test).await, Delivery::Accepted);
    let file = std::fs::read_dir(&place).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(file.path()).unwrap();
    assert!(mail.contains("Subject: Test mail of Fish & <Chips>\r\n"), "{mail}");
    let (text, html) = mail.split_once("text/html").unwrap();
    assert!(
        text.contains("Mails of Fish & <Chips> arrive.") && html.contains("Mails of Fish &amp; &lt;Chips&gt; arrive."),
        "{mail}"
    );
}

#[tokio::test]
async fn a_mail_that_cannot_be_put_into_words_is_refused_with_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let mailer = mailer(&format!("file:{}", place.path().display()), Err("verify.txt, line 3".to_owned())).unwrap();
    assert_eq!(mailer.deliver(&mail_to("ann@example.org")).await, Delivery::Refused { why: "verify.txt, line 3".to_owned() });
    assert!(std::fs::read_dir(&place).unwrap().next().is_none());
}

#[test]
fn certificates_that_cannot_be_read_are_a_fault_at_once() {
    let fault = mailer("smtps://mail.example.org?ca=/nowhere.pem", Ok(rendered())).err().unwrap();
    assert!(fault.to_string().contains("/nowhere.pem"), "{fault}");
}
