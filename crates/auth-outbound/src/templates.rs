//! What mails say: built-in templates in five languages, and an operator's files in the place of some. docs/mail.md lists names
//! and values, and binds.

mod built_in;
mod check;
mod files;
mod time;
mod values;

use std::{fs, io, path::Path};

use auth_domain::{
    identity::language::Language,
    mail::message::{Mail, Template},
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

pub use self::check::{TemplateFault, TemplateFaults};
use self::{files::Sources, values::Values};
use crate::render::{Render, Rendered};

/// How much work one rendering may be: about thirty times what the largest built-in template needs.
const FUEL: u64 = 50_000;

/// How deep templates may include each other.
const DEPTH: usize = 50;

/// What every mail says of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branding {
    /// What the application is called.
    pub app_name: String,
    /// How people's browsers reach this server.
    pub public_url: String,
}

/// Every template, read and proven to render.
pub struct Templates {
    environment: Environment<'static>,
    branding: Branding,
}

/// The parts of a mail. Values are escaped in the one that is HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Text,
    Html,
}

impl Part {
    const ALL: [Self; 2] = [Self::Text, Self::Html];

    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Html => "html",
        }
    }
}

impl Templates {
    /// The templates that are part of the program.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn built_in(branding: Branding) -> Result<Self, TemplateFaults> {
        Self::of(files::built_in(), branding)
    }

    /// The same, with the files of a folder in the place of those of the same name. Reads all of them at once.
    ///
    /// # Errors
    /// Every file that is unknown, cannot be read or cannot be rendered.
    pub fn load(folder: &Path, branding: Branding) -> Result<Self, TemplateFaults> {
        let mut sources = files::built_in();
        sources.extend(files::read(folder)?);
        Self::of(sources, branding)
    }

    fn of(sources: Sources, branding: Branding) -> Result<Self, TemplateFaults> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEPTH);
        // By the name of what is rendered, also for what it extends: words are escaped in HTML and not in text.
        environment.set_auto_escape_callback(|name| match name.ends_with(".txt") {
            true => AutoEscape::None,
            false => AutoEscape::Html,
        });
        check::add(&mut environment, sources)?;
        let templates = Self { environment, branding };
        check::all(&templates)?;
        Ok(templates)
    }

    /// Renders a sample of every mail in every language into a folder, which is made if there is none: `de-reset.txt`, its subject in the
    /// first line, and `de-reset.html`. Returns how many files.
    ///
    /// # Errors
    /// Why one cannot be written.
    pub fn preview(&self, folder: &Path) -> io::Result<usize> {
        fs::create_dir_all(folder)?;
        let mut written = 0;
        for language in Language::ALL {
            for template in Template::ALL {
                let mail = self.words(template, language, &Values::sample(template, language)).map_err(io::Error::other)?;
                let name = format!("{language}-{}", template.name());
                fs::write(folder.join(format!("{name}.txt")), format!("{}\n\n{}", mail.subject, mail.text))?;
                fs::write(folder.join(format!("{name}.html")), mail.html)?;
                written += 2;
            }
        }
        Ok(written)
    }

    fn words(&self, template: Template, language: Language, values: &Values) -> Result<Rendered, TemplateFault> {
        let text = self.part(template, language, Part::Text, values)?;
        let (first, rest) = text.split_once('\n').unwrap_or((text.as_str(), ""));
        let subject = first.split_whitespace().collect::<Vec<_>>().join(" ");
        if subject.is_empty() {
            return Err(TemplateFault::file(name_of(template, language, Part::Text), "has no subject in its first line"));
        }
        Ok(Rendered { subject, text: format!("{}\n", rest.trim()), html: self.part(template, language, Part::Html, values)? })
    }

    fn part(&self, template: Template, language: Language, part: Part, values: &Values) -> Result<String, TemplateFault> {
        let context = values.context(&self.branding, template, language, part);
        let found = self.environment.get_template(&name_of(template, language, part));
        found.and_then(|template| template.render(context)).map_err(|error| TemplateFault::of(&error))
    }
}

fn name_of(template: Template, language: Language, part: Part) -> String {
    format!("{language}/{}.{}", template.name(), part.extension())
}

impl Render for Templates {
    fn render(&self, mail: &Mail) -> Result<Rendered, String> {
        self.words(mail.template, mail.language, &Values::of(mail)).map_err(|fault| fault.to_string())
    }
}

#[cfg(test)]
mod tests;
