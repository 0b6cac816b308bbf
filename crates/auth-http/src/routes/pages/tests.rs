//! Every page in every language, and how it is served.

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
    web::ServiceConfig,
};

use super::*;
use crate::routes::{
    files::asking::{self, Answer},
    pages_of_our_own,
};

fn settings() -> PageSettings {
    PageSettings { app_name: "Ann & <b>Co".to_owned(), language: Language::French, mail: true, passkeys: true }
}

fn pages() -> Pages {
    Pages::of(&settings()).unwrap()
}

fn each(mut look: impl FnMut(&str, Language, &str)) {
    let pages = pages();
    for name in settings().names() {
        for language in Language::ALL {
            look(name, language, pages.find(name, language).unwrap());
        }
    }
}

async fn ask(request: TestRequest) -> Answer {
    ask_of(pages(), request).await
}

async fn ask_of(pages: Pages, request: TestRequest) -> Answer {
    let configured = |config: &mut ServiceConfig| {
        config.app_data(Data::new(pages));
        pages_of_our_own().register(config);
    };
    asking::ask_of(configured, request).await
}

#[test]
fn every_page_names_the_application_and_escapes_it() {
    each(|name, language, html| {
        assert!(html.contains("Ann &amp; &lt;b&gt;Co"), "{name} {language}");
        assert!(!html.contains("<b>") && !html.contains("{app}") && !html.contains("{{"), "{name} {language}");
        assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{language}\">")), "{name} {language}");
    });
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    each(|name, language, html| {
        for forbidden in ["<style", " style=", " onclick", "javascript:", "http:", "https:", " action=", " method="] {
            assert!(!html.contains(forbidden), "{forbidden} in {name} {language}");
        }
        let scripts: Vec<_> = html.split("<script src=\"/pages/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let expected: Vec<_> = scripts_of(name).iter().map(|script| format!("{script}?{}", tag_of(script))).collect();
        assert_eq!((scripts.len(), html.matches("<script").count()), (expected.len(), expected.len()), "{name} {language}");
        assert_eq!(scripts, expected, "{name} {language}");
    });
}

/// Until the script has read the token nothing is shown, so nothing can be sent without it.
#[test]
fn every_form_waits_for_the_script() {
    each(|name, language, html| {
        let forms: Vec<_> = html.match_indices("<form").collect();
        assert!(!forms.is_empty(), "{name} {language}");
        for (at, _) in forms {
            let (before, form) = html.split_at(at);
            let is_hidden = form.split('>').next().unwrap().ends_with(" hidden");
            let in_hidden = before.rsplit("<section").next().unwrap().split('>').next().unwrap().ends_with(" hidden");
            assert!(is_hidden || in_hidden, "{name} {language}");
        }
        assert!(html.contains("<noscript>"));
    });
}

#[test]
fn each_input_has_a_label_and_a_place_for_its_faults() {
    each(|name, language, html| {
        for input in html.split("<input id=\"").skip(1) {
            let (id, rest) = input.split_once('"').unwrap();
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id} in {name} {language}");
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{id} in {name} {language}");
            let attributes = rest.split('>').next().unwrap();
            if attributes.contains("name=") {
                assert!(attributes.contains(&format!("aria-describedby=\"{id}-fault\"")), "{id} in {name} {language}");
                assert!(html.contains(&format!("<div id=\"{id}-fault\"")), "{id} in {name} {language}");
            }
        }
    });
}

#[test]
fn each_language_has_the_same_words_and_places_for_values() {
    let shape = |language| {
        let words: Words = serde_json::from_str(words(language)).unwrap();
        let of = |(room, texts): (String, BTreeMap<String, String>)| {
            texts
                .into_iter()
                .map(move |(key, text)| {
                    assert!(!text.trim().is_empty(), "{room} {key}");
                    let places: Vec<_> = ["{app}", "{wait}", "{n}", "{id}", "{name}", "{date}", "{email}"]
                        .map(|place| text.matches(place).count())
                        .to_vec();
                    (room.clone(), key, places)
                })
                .collect::<Vec<_>>()
        };
        words.into_iter().flat_map(of).collect::<Vec<_>>()
    };
    for language in Language::ALL {
        assert_eq!(shape(language), shape(Language::English), "{language}");
    }
}

/// The server's own words are English.
#[test]
fn every_rule_for_passwords_and_addresses_has_words() {
    use auth_domain::{identity::email::EmailFault, passwords::policy::PasswordFault as Fault};

    use crate::web::problem::FaultCode;

    let words: Words = serde_json::from_str(words(Language::English)).unwrap();
    let messages = words.get("messages").unwrap();
    let rules = [
        Fault::TooShort { min: 8 },
        Fault::TooLong,
        Fault::ControlCharacter,
        Fault::NoUppercase,
        Fault::NoLowercase,
        Fault::NoDigit,
        Fault::NoSpecial,
        Fault::ContainsAddress,
        Fault::TooCommon,
    ];
    for code in rules.iter().map(FaultCode::code).chain([EmailFault::TooLong.code(), EmailFault::Malformed.code()]) {
        assert!(messages.contains_key(&format!("rule_{code}")), "{code}");
    }
    for code in ["email_taken", "password_mismatch", "rate_limited", "too_many_attempts", "overloaded", "unavailable"] {
        assert!(messages.contains_key(code) && crate::web::problem::Code::ALL.iter().any(|known| known.name() == code), "{code}");
    }
}

/// And no script knows a code that there are no words for on its page.
#[test]
fn the_scripts_say_nothing_without_words() {
    let pages = pages();
    for (name, few) in [("verify", 7), (PASSKEYS, 20)] {
        let html = pages.find(name, Language::English).unwrap();
        let said = |script: &&str| {
            let all = file(script).unwrap().content.split("say(\"").skip(1);
            all.map(|rest| rest.split('"').next().unwrap()).collect::<Vec<_>>()
        };
        let said: Vec<_> = scripts_of(name).iter().flat_map(said).collect();
        assert!(said.len() >= few, "{said:?}");
        for code in said {
            assert!(html.contains(&format!("data-code=\"{code}\"")), "{code}");
        }
    }
}

#[test]
fn every_view_has_a_title_and_each_way_to_one_leads_somewhere() {
    let pages = pages();
    let html = pages.find(PASSKEYS, Language::English).unwrap();
    let after = |mark: &str| html.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>();
    let views = after("data-view=\"");
    assert!(views.len() > 10, "{views:?}");
    for view in &views {
        assert!(html.contains(&format!("data-code=\"title_{view}\"")), "{view}");
    }
    assert!(after("data-go=\"").iter().all(|view| views.contains(view)));
}

#[actix_web::test]
async fn there_are_the_pages_that_a_server_has_a_use_for() {
    for (mail, passkeys) in [(true, false), (false, true)] {
        for (name, is_there) in [("reset", mail), ("undo", mail), ("passkeys", passkeys), ("style.css", true), ("pages.js", true)]
        {
            let pages = Pages::of(&PageSettings { mail, passkeys, ..settings() }).unwrap();
            let status = ask_of(pages, TestRequest::get().uri(&format!("/pages/{name}"))).await.status;
            assert_eq!(status == StatusCode::OK, is_there, "{name}");
        }
    }
}

#[actix_web::test]
async fn a_page_is_in_the_language_that_is_asked_for() {
    for (asked, tag) in [("de-CH, en;q=0.5", "de"), ("it", "fr"), ("zh-TW;q=0.2", "zh")] {
        let answer = ask(TestRequest::get().uri("/pages/reset").insert_header(("accept-language", asked))).await;
        assert_eq!((answer.status, answer.header("content-language")), (StatusCode::OK, tag));
        assert!(answer.body.contains(&format!("<html lang=\"{tag}\">")));
        assert_eq!(answer.header("vary"), "accept-language");
    }
}

#[actix_web::test]
async fn a_page_is_kept_by_nobody_and_loads_from_here_alone() {
    for name in settings().names() {
        let answer = ask(TestRequest::get().uri(&format!("/pages/{name}"))).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
    }
}

#[actix_web::test]
async fn the_files_of_pages_may_be_kept() {
    for (name, media) in [("style.css", "text/css; charset=utf-8"), ("pages.js", "text/javascript; charset=utf-8")] {
        let answer = ask(TestRequest::get().uri(&format!("/pages/{name}?0"))).await;
        assert_eq!(answer.header("content-type"), media);
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        let tag = answer.header("etag").to_owned();
        let again = ask(TestRequest::get().uri(&format!("/pages/{name}")).insert_header(("if-none-match", tag))).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
}

#[actix_web::test]
async fn there_are_no_other_pages_and_no_other_methods() {
    for name in ["", "layout.html", "words/en.json", "Reset", "reset.html"] {
        assert_eq!(ask(TestRequest::get().uri(&format!("/pages/{name}"))).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(ask(TestRequest::default().method(Method::HEAD).uri("/pages/verify")).await.status, StatusCode::OK);
    let posted = ask(TestRequest::post().uri("/pages/verify")).await;
    assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
}
