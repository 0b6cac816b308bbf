//! The `.env` of the working directory. dotenvy reads it; what dotenvy would swallow, or programs read in different ways, is told by
//! line and reason before, without the value: it may be a secret.

use std::{collections::HashMap, fs, io, path::Path};

use super::{SettingFault, source::is_known};

/// The file with variables that the environment lacks.
pub const DOTENV: &str = ".env";

/// The file that lists every variable, with placeholders for the secrets.
pub(crate) const EXAMPLE: &str = include_str!("../../../../.env.example");

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a `.env` says, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Dotenv {
    pub(super) pairs: HashMap<String, String>,
    pub(super) faults: Vec<SettingFault>,
}

impl Dotenv {
    /// Says nothing where there is no such file.
    pub(super) fn read(path: &Path) -> Self {
        match fs::read(path) {
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Self::default(),
            Err(error) => {
                let fault = SettingFault { variable: DOTENV.to_owned(), rule: format!("cannot be read: {error}") };
                Self { pairs: HashMap::new(), faults: vec![fault] }
            }
        }
    }

    /// Lines with a fault are left out of the pairs.
    fn parse(bytes: &[u8]) -> Self {
        let mut reading = Reading::default();
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let lines: Vec<_> = lines.filter_map(|(index, line)| Some((index + 1, reading.text(index + 1, line)?))).collect();
        let mut lines = lines.into_iter().peekable();
        while let Some((number, mut line)) = lines.next() {
            // The quoted value of another program may go on over several lines. None of ours does, so that a quote that somebody
            // forgot swallows none of them.
            while is_open(&line) && of_line(&line).is_some_and(|name| !is_known(name)) {
                let Some((_, next)) = lines.next_if(|(_, next)| !of_line(next).is_some_and(is_known)) else { break };
                line = line + "\n" + &next;
            }
            reading.take(number, &line);
        }
        reading.done()
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    /// The lines without a fault.
    sound: String,
    /// Where each name was set, and how.
    seen: HashMap<String, (usize, String)>,
    faults: Vec<SettingFault>,
}

impl Reading {
    fn fault(&mut self, number: usize, name: Option<&str>, reason: &str) {
        let variable = name.unwrap_or(DOTENV).to_owned();
        self.faults.push(SettingFault { variable, rule: format!("line {number} of {DOTENV}: {reason}") });
    }

    fn text(&mut self, number: usize, line: &[u8]) -> Option<String> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let rest = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK) } else { None };
        if rest.is_some() {
            self.fault(number, None, "a byte order mark (BOM) before the first character; save the file as UTF-8 without one");
        }
        match std::str::from_utf8(rest.unwrap_or(line)) {
            Ok(line) => Some(line.to_owned()),
            Err(_not_utf8) => {
                self.fault(number, None, "bytes that are not UTF-8");
                None
            }
        }
    }

    fn take(&mut self, number: usize, line: &str) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            return;
        }
        let Some((left, value)) = line.split_once('=') else { return self.fault(number, None, "no `=`") };
        let Some(name) = name(left) else {
            return self.fault(number, None, "before the `=` must stand a name alone: letters, digits and `_`");
        };
        let is_set = |wanted: &str| std::env::var_os(wanted).is_some() || self.seen.contains_key(wanted);
        let outcome = judge(value, is_set).and_then(|()| {
            // dotenvy has the last word on what the checks let pass.
            let reads = dotenvy::from_read_iter(format!("{line}\n").as_bytes()).all(|pair| pair.is_ok());
            if reads { Ok(()) } else { Err("it cannot be read; put the value in single quotes") }
        });
        if let Err(reason) = outcome {
            return self.fault(number, Some(name), reason);
        }
        match self.seen.get(name) {
            Some((before, as_before)) if as_before != value => {
                let reason = format!("line {before} gives it another value; keep one of them");
                self.fault(number, Some(name), &reason);
            }
            Some(_) | None => {
                self.seen.insert(name.to_owned(), (number, value.to_owned()));
                self.sound.push_str(line);
                self.sound.push('\n');
            }
        }
    }

    fn done(mut self) -> Dotenv {
        match dotenvy::from_read_iter(self.sound.as_bytes()).collect() {
            Ok(pairs) => Dotenv { pairs, faults: self.faults },
            Err(_quotes_the_line) => {
                self.faults.push(SettingFault { variable: DOTENV.to_owned(), rule: "cannot be read".to_owned() });
                Dotenv { pairs: HashMap::new(), faults: self.faults }
            }
        }
    }
}

/// The name that a line sets, as far as it has one.
fn of_line(line: &str) -> Option<&str> {
    line.split_once('=').and_then(|(left, _)| name(left))
}

/// What stands before the `=`, perhaps after `export`.
fn name(left: &str) -> Option<&str> {
    let left = left.trim_start();
    let exported = left.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
    let name = exported.map_or(left, str::trim_start);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    is_name.then_some(name)
}

/// Whether the value begins with a quote that the text does not close.
fn is_open(line: &str) -> bool {
    let Some((_, value)) = line.split_once('=') else { return false };
    let quoted = value.strip_prefix(['"', '\'']);
    quoted.is_some_and(|rest| closing(rest, value.starts_with('"')).is_none())
}

/// Where a quoted text ends. A backslash takes away the meaning of what follows it, in single quotes only for dotenvy.
fn closing(rest: &str, is_double: bool) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if is_double => return Some(at),
            '\'' if !is_double => return Some(at),
            _ => {}
        }
    }
    None
}

/// What is after the `=`.
fn judge(value: &str, is_set: impl Fn(&str) -> bool) -> Result<(), &'static str> {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        return Err("a control character");
    }
    if is_blank(value) {
        return Ok(());
    }
    match value.chars().next() {
        Some('#') => Err("`#` right after the `=` begins a comment; put the value in single quotes"),
        Some(c) if c.is_whitespace() => Err("a space after the `=`, which some programs take for a part of the value"),
        Some(quote @ ('"' | '\'')) => {
            let (rest, is_double) = (value.get(1..).unwrap_or_default(), quote == '"');
            let end = closing(rest, is_double).ok_or("a quote that is not closed")?;
            let (inside, behind) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
            if !is_blank(behind) {
                return Err("a quote within the value, or something after it; put all of it in one pair of quotes");
            }
            if is_double { dollars(inside, is_set) } else { Ok(()) }
        }
        Some(_) | None => unquoted(value, is_set),
    }
}

fn unquoted(value: &str, is_set: impl Fn(&str) -> bool) -> Result<(), &'static str> {
    let end = value.find(char::is_whitespace).filter(|end| !value.get(..*end).is_some_and(|word| word.ends_with('\\')));
    let (word, behind) = value.split_at(end.unwrap_or(value.len()));
    let mut bare = word.chars();
    while let Some(c) = bare.next() {
        match c {
            '\\' => drop(bare.next()),
            '\'' | '"' => return Err("a stray quote in the value; put all of it in quotes"),
            _ => {}
        }
    }
    dollars(word, is_set)?;
    if is_blank(behind) { Ok(()) } else { Err("a space in the value; put it in single quotes") }
}

/// `${NAME}` stands for a variable that is set. Programs read any other `$` in different ways, and most swallow what follows it.
fn dollars(text: &str, is_set: impl Fn(&str) -> bool) -> Result<(), &'static str> {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$']) {
        let (found, behind) = rest.split_at(at).1.split_at(1);
        rest = match found {
            "\\" => behind.strip_prefix(|_: char| true).unwrap_or_default(),
            _ => {
                let (name, behind) = behind.strip_prefix('{').and_then(|block| block.split_once('}')).ok_or(DOLLAR)?;
                if !is_set(name) {
                    return Err("`${…}` names a variable that is not set; put a value with `$` in single quotes");
                }
                behind
            }
        };
    }
    Ok(())
}

const DOLLAR: &str = "an unquoted `$`, or one in double quotes, stands for a variable; put the value in single quotes";

/// Nothing, or a comment after a space.
fn is_blank(text: &str) -> bool {
    let rest = text.trim_start();
    rest.is_empty() || (rest.starts_with('#') && rest.len() < text.len())
}

#[cfg(test)]
mod tests;
