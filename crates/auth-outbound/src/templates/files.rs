//! The sources of templates: built in, and an operator's.

use std::{
    collections::BTreeMap,
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
};

use auth_domain::{identity::language::Language, mail::message::Template};

use super::{
    Part,
    built_in::{LAYOUTS, WORDS},
    check::{TemplateFault, TemplateFaults},
    name_of,
};

/// Name -> source.
pub(super) type Sources = BTreeMap<String, String>;

/// All there are. What a mail says stands once, in `en/reset.jinja`; its parts `en/reset.txt` and `en/reset.html` only extend that.
pub(super) fn built_in() -> Sources {
    let words = LAYOUTS.iter().chain(WORDS.as_flattened()).map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    let parts = Language::ALL.into_iter().flat_map(|language| {
        Template::ALL.into_iter().flat_map(move |template| {
            let source = format!("{{% extends \"{}\" %}}", words_of(template.name(), language));
            Part::ALL.map(|part| (name_of(template, language, part), source.clone()))
        })
    });
    words.chain(parts).collect()
}

pub(super) fn words_of(name: &str, language: Language) -> String {
    format!("{language}/{name}.jinja")
}

/// The files of a folder. What begins with a dot is not looked at: Kubernetes and editors put such files there.
pub(super) fn read(folder: &Path) -> Result<Sources, TemplateFaults> {
    let (known, mut sources, mut faults) = (built_in(), Sources::new(), Vec::new());
    let mut take = |name: String, path: &Path| match fs::read_to_string(path) {
        _ if !known.contains_key(&name) => faults.push(TemplateFault::file(name, "is the name of no template")),
        Ok(source) => drop(sources.insert(name, source)),
        Err(error) => faults.push(TemplateFault::file(name, format!("cannot be read: {error}"))),
    };
    for (name, path) in entries(folder)? {
        if Language::ALL.iter().any(|language| language.tag() == name) && path.is_dir() {
            entries(&path)?.into_iter().for_each(|(inner, path)| take(format!("{name}/{inner}"), &path));
        } else {
            take(name, &path);
        }
    }
    if faults.is_empty() { Ok(sources) } else { Err(TemplateFaults(faults)) }
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, TemplateFaults> {
    let list = || fs::read_dir(folder)?.collect::<io::Result<Vec<DirEntry>>>();
    let fault =
        |error| TemplateFaults(vec![TemplateFault::file(folder.display().to_string(), format!("cannot be read: {error}"))]);
    let named = list().map_err(fault)?.into_iter().map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let mut named: Vec<_> = named.filter(|(name, _)| !name.starts_with('.')).collect();
    named.sort_unstable();
    Ok(named)
}
