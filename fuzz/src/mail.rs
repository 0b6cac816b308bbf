//! Mails: whatever names, addresses, agents and links are, each template says them and nothing more, and so does the message that a
//! mail server gets.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{Arc, LazyLock},
};

use auth_domain::{
    identity::{email::Email, language::Language, request_context::UserAgent},
    mail::{
        agent,
        message::{Enclosed, Mail, MailId, Template},
        origin::Origin,
        ports::{Delivery, MailTransport},
    },
};
use auth_outbound::{
    mail_url::MailUrl,
    mailer::Mailer,
    render::{Render, Rendered},
    sender::Sender,
    templates::{Branding, Templates},
};
use chrono::{DateTime, Utc};
use mail_parser::MessageParser;
use tokio::runtime::Builder;
use uuid::Uuid;

const CODE: &str = "04817263";

/// The headers of a message, and of no message more than these.
const HEADERS: [&str; 8] = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

/// Lines: the application's name, a client's agent, the recipient, the other address, a link. What is missing or no address is a usual one.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut next = |usual: &'static str| lines.next().filter(|line| !line.trim().is_empty()).unwrap_or(usual);
    let (app, agent) = (next("Example"), next("none"));
    let to = next("").parse().unwrap_or_else(|_| usual_address());
    let other = next("").parse().unwrap_or_else(|_| usual_address());
    let link = next("https://auth.example.org/pages/reset#token=abc");
    let odd = Arc::new(templates(app));
    static USUAL: LazyLock<Templates> = LazyLock::new(|| templates("Example"));
    // All languages are too many for each run.
    let language = Language::ALL[data.len() % Language::ALL.len()];
    for template in Template::ALL {
        for has_more in [true, false] {
            let mail = mail(template, language, agent, (&to, &other), link, has_more);
            let rendered = odd.render(&mail).expect("every mail is rendered");
            let plain = USUAL.render(&in_usual_words(&mail)).expect("every mail is rendered");
            says_what_it_has_to(&rendered, app, &mail);
            assert_eq!(structure(&rendered.html), structure(&plain.html), "no value adds to the HTML");
        }
    }
    // A file for each would take too long.
    let template = Template::ALL[data.len() / Language::ALL.len() % Template::ALL.len()];
    arrives(&mail(template, language, agent, (&to, &other), link, true), app, odd);
}

fn usual_address() -> Email {
    "ann@example.org".parse().expect("an address")
}

fn templates(app: &str) -> Templates {
    let branding = Branding { app_name: app.to_owned(), public_url: "https://auth.example.org".to_owned() };
    Templates::built_in(branding).expect("whatever the application is called")
}

fn mail(template: Template, language: Language, agent: &str, (to, other): (&Email, &Email), link: &str, has_more: bool) -> Mail {
    let agent = UserAgent::new(agent);
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let proof = Enclosed { link: link.to_owned(), code: Some(CODE.to_owned()), expires_at: at };
    Mail {
        id: MailId(Uuid::nil()),
        template,
        to: to.clone(),
        language,
        origin: Origin { network: None, browser: agent::browser(&agent), system: agent::system(&agent) },
        other_address: has_more.then(|| other.clone()),
        created_at: at,
        proof: has_more.then_some(proof),
    }
}

fn in_usual_words(mail: &Mail) -> Mail {
    let proof = mail.proof.clone().map(|proof| Enclosed { link: "https://example.org".to_owned(), ..proof });
    Mail { to: usual_address(), other_address: mail.other_address.as_ref().map(|_| usual_address()), proof, ..mail.clone() }
}

fn says_what_it_has_to(rendered: &Rendered, app: &str, mail: &Mail) {
    let Rendered { subject, text, html } = rendered;
    assert!(!subject.is_empty() && !subject.contains(['\r', '\n']), "a header is one line: {subject:?}");
    let read = unescaped(html);
    for part in [text, &read] {
        assert!(part.contains(mail.to.as_str()), "{part}");
        assert!(part.contains(app), "{app:?} in {part}");
        if let Some(proof) = &mail.proof {
            assert!(part.contains(proof.link.trim_end()) && part.contains(CODE), "{part}");
        }
    }
}

/// Its tags, each with the names of its attributes.
fn structure(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).map(|rest| rest.split_once('>').expect("a tag ends").0);
    tags.map(|tag| tag.split('"').step_by(2).collect()).collect()
}

fn unescaped(html: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    entities.into_iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// What a reader of messages gets is what was rendered.
fn arrives(mail: &Mail, app: &str, templates: Arc<Templates>) {
    let rendered = templates.render(mail).expect("every mail is rendered");
    let from = format!("{app} <no-reply@example.org>").parse().unwrap_or(Sender { name: None, address: usual_address() });
    let Some(content) = message(mail, &from, templates) else {
        assert!(mail.to != usual_address(), "mail can carry a usual address");
        return;
    };
    let parsed = MessageParser::default().parse(&content).expect("a message");
    let mut names: Vec<_> = parsed.headers().iter().map(|header| header.name()).collect();
    names.sort_unstable();
    let mut known = HEADERS;
    known.sort_unstable();
    assert_eq!(names, known, "one header each, and no other");
    assert_eq!(only(parsed.from()), from.address.as_str());
    assert_eq!(only(parsed.to()), mail.to.as_str());
    assert_eq!(parsed.subject().map(words), Some(words(&rendered.subject)));
    assert_eq!((parsed.text_body_count(), parsed.html_body_count(), parsed.attachment_count()), (1, 1, 0));
    assert_eq!(lines(&parsed.body_text(0).expect("a text")), lines(&rendered.text));
    assert_eq!(lines(&parsed.body_html(0).expect("HTML")), lines(&rendered.html));
}

/// The message that a mail server would get; `None` where mail cannot carry the address.
fn message(mail: &Mail, from: &Sender, templates: Arc<Templates>) -> Option<Vec<u8>> {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| env::temp_dir().join(format!("auth-fuzz-mail-{}", process::id())));
    let mailer = Mailer::new(&MailUrl::Folder(FOLDER.clone()), from.clone(), templates).expect("a folder");
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    match runtime.block_on(mailer.deliver(mail)) {
        Delivery::Accepted => {}
        Delivery::Refused { .. } => return None,
        Delivery::Later { why, .. } => panic!("{why}"),
    }
    let file = fs::read_dir(&*FOLDER).expect("the folder").next().expect("a file").expect("an entry").path();
    let content = fs::read(file).expect("the message");
    fs::remove_dir_all(&*FOLDER).expect("the folder");
    Some(content)
}

fn only<'a>(addresses: Option<&'a mail_parser::Address<'a>>) -> &'a str {
    let mut all = addresses.into_iter().flat_map(|list| list.iter());
    let (first, second) = (all.next(), all.next());
    assert!(second.is_none(), "one address");
    first.and_then(|address| address.address()).expect("an address")
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect()
}

/// A mail has its own line breaks.
fn lines(text: &str) -> String {
    text.trim_end().replace("\r\n", "\n").replace('\r', "\n")
}
