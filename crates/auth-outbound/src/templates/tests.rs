//! Every mail in every language, what an operator may replace, and what is refused.

use std::{fs, path::Path};

use auth_domain::{
    identity::language::Language,
    mail::message::{Enclosed, Mail, MailId, Template},
    testkit::samples::{context, email, id, start},
};
use tempfile::TempDir;

use super::{
    Branding, Part, Templates,
    built_in::{LAYOUTS, WORDS},
    files, name_of,
    values::Values,
};
use crate::render::{Render, Rendered};

fn branding() -> Branding {
    Branding { app_name: "Ann & Co".to_owned(), public_url: "https://auth.example.org".to_owned() }
}

fn built_in() -> Templates {
    Templates::built_in(branding()).unwrap()
}

/// Every mail in every language, as much and as little as it may say.
fn each(mut look: impl FnMut(Template, Language, &Values, Rendered)) {
    let templates = built_in();
    for language in Language::ALL {
        for template in Template::ALL {
            for values in [Values::sample(template, language), Values::sample(template, language).bare()] {
                let mail = templates.words(template, language, &values).unwrap();
                look(template, language, &values, mail);
            }
        }
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, source) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, source).unwrap();
    }
    folder
}

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let Err(faults) = Templates::load(folder(files).path(), branding()) else { panic!("it was loaded") };
    faults.0.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mail_says_what_it_has_to_say() {
    each(|template, language, values, mail| {
        let about = format!("{} {language}: {mail:?}", template.name());
        for value in [&values.link, &values.code, &values.new_address, &values.expires, &values.address] {
            assert!(mail.text.contains(value.as_str()), "{about}");
            let escaped = value.replace('/', "&#x2f;");
            assert!(mail.html.contains(&escaped), "{about}");
        }
        if values.code.is_empty() {
            assert!(
                [&values.time, &values.network, &values.browser, &values.system]
                    .into_iter()
                    .all(|value| mail.text.contains(value)),
                "{about}"
            );
        }
        assert!(mail.subject.contains("Ann & Co") && mail.html.contains("Ann &amp; Co"), "{about}");
        assert!(
            mail.html.starts_with("<!doctype html>\n<html lang=\"") && mail.html.contains(&format!("lang=\"{language}\"")),
            "{about}"
        );
    });
}

#[test]
fn a_subject_is_one_line_and_a_text_is_no_html() {
    each(|_, _, _, mail| {
        assert!(!mail.subject.is_empty() && !mail.subject.contains(char::is_control), "{mail:?}");
        assert!(mail.subject.chars().count() <= 70, "{mail:?}");
        assert!(!mail.text.contains(['<', '>', '{', '}', '\t', '\r']) && !mail.text.contains("&#"), "{mail:?}");
        assert!(!mail.text.contains("\n\n\n") && !mail.text.contains("None") && !mail.text.contains("  "), "{mail:?}");
        assert!(mail.text.ends_with('\n') && !mail.text.starts_with('\n'), "{mail:?}");
    });
}

#[test]
fn html_asks_nobody_for_anything() {
    each(|_, _, _, mail| {
        for outside in ["<img", "src=", "url(", "@import", "<link", "<script", "<form", "<iframe", "onclick"] {
            assert!(!mail.html.contains(outside), "{outside}: {}", mail.html);
        }
    });
}

#[test]
fn every_value_is_escaped_in_html() {
    let bad = "</p><script>alert(1)</script>\"'&";
    let own = || bad.to_owned();
    let values = Values {
        address: own(),
        new_address: own(),
        link: own(),
        code: own(),
        expires: own(),
        time: own(),
        network: own(),
        browser: own(),
        system: own(),
    };
    let templates = Templates::built_in(Branding { app_name: own(), public_url: own() }).unwrap();
    for language in Language::ALL {
        for template in Template::ALL {
            for code in [own(), String::new()] {
                let mail = templates.words(template, language, &Values { code, ..values.clone() }).unwrap();
                assert!(!mail.html.contains("<script") && !mail.html.contains("\"'"), "{}", mail.html);
                assert!(
                    mail.html.contains("&lt;script&gt;") && !mail.html.contains("&amp;lt;"),
                    "once, not twice: {}",
                    mail.html
                );
                assert!(mail.text.contains(bad) && mail.subject.contains("<script>"), "{}", mail.text);
            }
        }
    }
}

#[test]
fn the_built_in_words_stand_in_text_and_in_html_as_they_are() {
    for (name, source) in WORDS.as_flattened() {
        assert!(!source.contains(['<', '&']) && !source.contains(">"), "{name}");
    }
    for (name, source) in LAYOUTS.iter().chain(WORDS.as_flattened()) {
        assert!(!source.contains("safe") && !source.contains("autoescape"), "{name}");
    }
}

#[test]
fn each_language_has_the_same_words() {
    let blocks = |language: Language, name: &str| {
        let source = files::built_in().remove(&files::words_of(name, language)).unwrap();
        let names = source.split("{% block ").skip(1).map(|block| block.split(' ').next().unwrap().to_owned());
        names.filter(|block| block != "colon").collect::<Vec<_>>()
    };
    for name in Template::ALL.map(Template::name).into_iter().chain(["common"]) {
        for language in Language::ALL {
            assert_eq!(blocks(language, name), blocks(Language::English, name), "{name} {language}");
        }
    }
}

#[test]
fn a_mail_of_the_outbox_is_rendered() {
    let proof = Enclosed {
        link: "https://auth.example.org/pages/reset#token=abc".to_owned(),
        code: Some("00123456".to_owned()),
        expires_at: start(),
    };
    let mail = Mail {
        id: MailId(id()),
        template: Template::Reset,
        to: email("ann@example.org"),
        language: Language::German,
        origin: auth_domain::mail::origin::Origin::of(&context()),
        other_address: None,
        created_at: start(),
        proof: Some(proof),
    };
    let rendered = built_in().render(&mail).unwrap();
    assert_eq!(rendered.subject, "Wählen Sie ein neues Passwort für Ann & Co");
    assert_eq!(
        rendered.text,
        "Jemand hat ein neues Passwort für Ihr Konto bei Ann & Co angefordert.\n\n\
         Neues Passwort wählen:\nhttps://auth.example.org/pages/reset#token=abc\n\n\
         Oder geben Sie diesen Code ein:\n00123456\n\n\
         Gilt einmal, bis 2. Januar 2026, 03:04 UTC.\n\n\
         Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.\n\n\
         -- \nAnn & Co hat diese E-Mail an ann@example.org gesendet.\n"
    );
}

#[test]
fn files_replace_templates_of_the_same_name() {
    let folder = folder(&[
        ("de/reset.txt", "Neu bei {{ app }}\n\nHier: {{ link }}\n"),
        ("fr/common.jinja", "{% extends \"layout.\" ~ part %}{% block footer %}Pied de page{% endblock %}"),
        (".git/config", "not a template"),
        ("de/.reset.txt.swp", "nor this"),
    ]);
    let templates = Templates::load(folder.path(), branding()).unwrap();
    let words = |template, language| templates.words(template, language, &Values::sample(template, language)).unwrap();
    let german = words(Template::Reset, Language::German);
    assert_eq!(german.subject, "Neu bei Ann & Co");
    assert!(german.text.starts_with("Hier: https://") && german.html.contains("Neues Passwort wählen"));
    let french = words(Template::Verify, Language::French);
    assert!(french.text.ends_with("Pied de page\n") && french.html.contains("Pied de page"));
    let english = words(Template::Verify, Language::English);
    assert_eq!(
        english,
        built_in().words(Template::Verify, Language::English, &Values::sample(Template::Verify, Language::English)).unwrap()
    );
}

#[test]
fn a_name_of_no_template_is_a_fault() {
    let found = faults(&[("de/rest.html", ""), ("it/reset.html", ""), ("notes.md", ""), ("reset.html", "")]);
    let of = |name: &str| format!("{name}: is the name of no template");
    assert_eq!(found, [of("de/rest.html"), of("it"), of("notes.md"), of("reset.html")]);
}

#[test]
fn a_folder_or_file_that_cannot_be_read_is_a_fault() {
    let Err(missing) = Templates::load(Path::new("/nowhere/at/all"), branding()) else { panic!("it was loaded") };
    assert!(missing.to_string().starts_with("/nowhere/at/all: cannot be read: "), "{missing}");
    let folder = folder(&[("de/reset.html", "")]);
    fs::write(folder.path().join("de/reset.html"), [0xff]).unwrap();
    fs::create_dir(folder.path().join("de/reset.txt")).unwrap();
    let Err(unreadable) = Templates::load(folder.path(), branding()) else { panic!("it was loaded") };
    let [html, text] = unreadable.0.as_slice() else { panic!("{unreadable}") };
    assert_eq!((html.file.as_str(), text.file.as_str()), ("de/reset.html", "de/reset.txt"));
}

#[test]
fn a_fault_names_file_line_and_variable() {
    // Also where no mail leads that was tried.
    let unknown = "Subject\n\n{% if not address %}\n{{ nmae }}\n{% endif %}";
    assert_eq!(faults(&[("de/reset.txt", unknown)]), ["de/reset.txt, line 4: there is no variable `nmae`"]);
    let broken = faults(&[("en/verify.html", "<p>\n{% if link %}\n</p>{% endfor %}"), ("layout.txt", "{{ app }\n")]);
    let [html, text] = broken.as_slice() else { panic!("{broken:?}") };
    assert!(html.starts_with("en/verify.html, line 3: syntax error: "), "{html}");
    assert!(text.starts_with("layout.txt, line 1: syntax error: "), "{text}");
}

#[test]
fn what_only_fails_when_it_is_rendered_is_a_fault() {
    let [fault] = &faults(&[("zh/common.jinja", "\n{{ app.name }}")])[..] else { panic!("one line is wrong") };
    assert!(fault.starts_with("zh/common.jinja, line 2: "), "{fault}");
    let missing = faults(&[("es/reset.html", "{% include 'es/footer.html' %}")]);
    assert!(
        missing.iter().all(|fault| fault.starts_with("es/reset.html, line 1: ") && fault.contains("es/footer.html")),
        "{missing:?}"
    );
    for endless in
        ["{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "{% include 'es/reset.html' %}"]
    {
        assert!(!faults(&[("es/reset.html", endless)]).is_empty());
    }
    assert!(faults(&[("es/reset.txt", "\n \n")]).iter().all(|fault| fault == "es/reset.txt: has no subject in its first line"));
}

#[test]
fn no_name_leads_out_of_the_folder() {
    assert!(files::built_in().keys().all(|name| !name.contains("..") && !name.starts_with('/')));
    for template in Template::ALL {
        for part in Part::ALL {
            assert!(files::built_in().contains_key(&name_of(template, Language::Chinese, part)));
        }
    }
}

#[test]
fn the_document_lists_every_name_and_value() {
    let document = include_str!("../../../../docs/mail.md");
    let of_mails = Template::ALL.map(Template::name).into_iter().chain(["common", "layout.html", "layout.txt"]);
    for name in of_mails.chain(Values::NAMES) {
        assert!(document.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_preview_has_every_mail() {
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("new");
    let written = built_in().preview(&into).unwrap();
    assert_eq!(fs::read_dir(&into).unwrap().count(), written);
    assert_eq!(written, Language::ALL.len() * Template::ALL.len() * Part::ALL.len());
    let text = fs::read_to_string(into.join("en-reset.txt")).unwrap();
    assert!(text.starts_with("Choose a new password for Ann & Co\n\nSomeone asked"), "{text}");
    // It is no folder of templates, and overwrites none.
    assert!(Templates::load(&into, branding()).is_err());
}

#[test]
fn the_variables_are_those_that_templates_get() {
    let context = Values::default().context(&branding(), Template::Reset, Language::English, Part::Text);
    let mut given: Vec<_> = context.try_iter().unwrap().map(|name| name.to_string()).collect();
    let mut known = Values::NAMES.map(ToOwned::to_owned).to_vec();
    given.sort_unstable();
    known.sort_unstable();
    assert_eq!(given, known);
}
