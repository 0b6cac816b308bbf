//! What is wrong with a template, told before any mail is sent.

use std::{collections::BTreeSet, error::Error as _, fmt, iter};

use auth_domain::{identity::language::Language, mail::message::Template};
use minijinja::{Environment, Error};

use super::{Part, Templates, files::Sources, values::Values};

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateFault {
    /// The file, as from the folder of templates.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong, and with which variable.
    pub why: String,
}

/// What is wrong with the templates: all of it that could be told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFaults(pub Vec<TemplateFault>);

impl TemplateFault {
    pub(super) fn file(file: String, why: impl Into<String>) -> Self {
        Self { file, line: None, why: why.into() }
    }

    /// An error may wrap another, of the template that was extended or included: that says where it is.
    pub(super) fn of<'a>(error: &'a Error) -> Self {
        let inner = |error: &&'a Error| (*error).source()?.downcast_ref().filter(|inner: &&Error| inner.name().is_some());
        let error = iter::successors(Some(error), inner).last().unwrap_or(error);
        let why = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
        Self { file: error.name().unwrap_or_default().to_owned(), line: error.line(), why }
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.why),
            None => write!(f, "{}: {}", self.file, self.why),
        }
    }
}

impl fmt::Display for TemplateFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for TemplateFault {}

impl std::error::Error for TemplateFaults {}

/// Parses every template, and looks for variables that there are not, also where no sample leads.
pub(super) fn add(environment: &mut Environment<'static>, sources: Sources) -> Result<(), TemplateFaults> {
    let mut faults = Vec::new();
    for (name, source) in sources {
        let unknown = match environment.add_template_owned(name.clone(), source.clone()) {
            Ok(()) => unknown_variables(environment, &name),
            Err(error) => {
                faults.push(TemplateFault::of(&error));
                continue;
            }
        };
        faults.extend(unknown.into_iter().map(|variable| {
            let why = format!("there is no variable `{variable}`");
            TemplateFault { line: line_of(&source, &variable), ..TemplateFault::file(name.clone(), why) }
        }));
    }
    if faults.is_empty() { Ok(()) } else { Err(TemplateFaults(faults)) }
}

fn unknown_variables(environment: &Environment<'_>, name: &str) -> BTreeSet<String> {
    let known =
        |variable: &String| Values::NAMES.contains(&variable.as_str()) || environment.globals().any(|(name, _)| name == variable);
    let used = environment.get_template(name).map(|template| template.undeclared_variables(false));
    used.into_iter().flatten().filter(|variable| !known(variable)).collect()
}

/// The first line that has the word, preferably in a tag.
fn line_of(source: &str, word: &str) -> Option<usize> {
    let has_it = |text: &str| text.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|found| found == word);
    let in_a_tag = |line: &str| line.split('{').skip(1).any(|tag| has_it(tag.split('}').next().unwrap_or_default()));
    let find = |is_it: &dyn Fn(&str) -> bool| source.lines().position(is_it).map(|at| at + 1);
    find(&in_a_tag).or_else(|| find(&has_it))
}

/// Renders every mail in every language, with everything that it may say and with as little as it may.
pub(super) fn all(templates: &Templates) -> Result<(), TemplateFaults> {
    let mut faults = BTreeSet::new();
    for language in Language::ALL {
        for template in Template::ALL {
            for values in [Values::sample(template, language), Values::sample(template, language).bare()] {
                // Told of both parts, if the text fails already.
                let html = templates.part(template, language, Part::Html, &values);
                faults.extend(templates.words(template, language, &values).err().into_iter().chain(html.err()));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(TemplateFaults(faults.into_iter().collect())) }
}
