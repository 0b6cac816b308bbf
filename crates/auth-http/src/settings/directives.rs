//! `LOG_LEVEL`: tracing's filter directives, with the words that other systems have for levels. `EnvFilter` takes an unknown word
//! for the name of a target, and then writes nothing else, errors included; so each word is looked at here first.

use tracing_subscriber::filter::Directive;

/// What each level is called elsewhere: syslog, Python, Java, .NET, npm, Go. There is nothing above `error`.
const LEVELS: [(&str, &[&str]); 6] = [
    ("off", &["off", "none", "silent"]),
    ("error", &["error", "err", "severe", "critical", "crit", "fatal", "panic", "alert", "emerg", "emergency", "1"]),
    ("warn", &["warn", "warning", "2"]),
    ("info", &["info", "information", "informational", "notice", "3"]),
    ("debug", &["debug", "verbose", "fine", "4"]),
    ("trace", &["trace", "all", "finest", "silly", "5"]),
];

const KNOWN: &str = "off, error, warn, info, debug, trace, or another system's word for one of them (docs/configuration.md)";

/// The directives in tracing's own words.
///
/// # Errors
/// What is wrong, directive by directive.
pub(super) fn read(given: &str) -> Result<String, Vec<String>> {
    let (mut directives, mut faults) = (Vec::new(), Vec::new());
    for directive in given.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        match translated(directive) {
            Ok(directive) => directives.push(directive),
            Err(fault) => faults.push(fault),
        }
    }
    match (directives.is_empty(), faults.is_empty()) {
        (_, false) => Err(faults),
        (true, true) => Err(vec![format!("names no level: {KNOWN}")]),
        (false, true) => Ok(directives.join(",")),
    }
}

fn translated(directive: &str) -> Result<String, String> {
    // A field's value may contain `=`; what is after the last one is the level.
    let (scope, word) = match directive.rsplit_once('=') {
        Some((scope, word)) if !word.ends_with(']') => (Some(scope), word),
        Some(_) => (Some(directive), "trace"),
        None if directive.ends_with(']') => (Some(directive), "trace"),
        None => (None, directive),
    };
    let level = level(word).ok_or_else(|| format!("`{directive}`: `{word}` is no level; those are {KNOWN}"))?;
    let Some(scope) = scope else { return Ok(level.to_owned()) };
    let directive = format!("{scope}={level}");
    let is_read = has_target(scope) && directive.parse::<Directive>().is_ok();
    if is_read { Ok(directive) } else { Err(format!("`{scope}` is no target; write such as: info  or  warn,auth_http=debug")) }
}

fn level(word: &str) -> Option<&'static str> {
    let is_called = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    LEVELS.iter().find(|(_, names)| is_called(names)).map(|(level, _)| *level)
}

/// Whether events can have what stands before `[`: a path of Rust, and no word for a level.
fn has_target(scope: &str) -> bool {
    let (target, span) = scope.split_once('[').map_or((scope, None), |(target, span)| (target, Some(span)));
    let is_path = target.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':'));
    is_path && level(target).is_none() && (!target.is_empty() || span.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_the_names_that_other_systems_give_it() {
        for (given, expected) in [
            ("WARNING", "warn"),
            (" Warn ", "warn"),
            ("CRITICAL", "error"),
            ("fatal", "error"),
            ("SEVERE", "error"),
            ("Information", "info"),
            ("NOTICE", "info"),
            ("verbose", "debug"),
            ("TRACE", "trace"),
            ("None", "off"),
            ("OFF", "off"),
            ("3", "info"),
        ] {
            assert_eq!(read(given).as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn directives_of_tracing_stay_what_they_are() {
        for (given, expected) in [
            ("info", "info"),
            ("info,actix_server=warn", "info,actix_server=warn"),
            ("warn, auth_http::middleware=WARNING,", "warn,auth_http::middleware=warn"),
            ("audit=off", "audit=off"),
            ("[request]=debug", "[request]=debug"),
            ("auth_http[request]", "auth_http[request]=trace"),
            ("auth_http[request{request_id=\"a=b\"}]=debug", "auth_http[request{request_id=\"a=b\"}]=debug"),
            ("[{status=500}]", "[{status=500}]=trace"),
        ] {
            assert_eq!(read(given).as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn a_word_that_would_silence_everything_is_a_fault() {
        for wrong in [
            "loud",
            "info;debug",
            "info debug",
            "info|debug",
            "\"info\"",
            "auth_http",
            "auth_http=debg",
            "auth_http=",
            "=info",
            "info;auth_http=debug",
            "a=b=c",
            "warn=debug",
            "0",
            "6",
            "20",
            "auth_http=0",
            ",",
            " , ",
            "[request",
            "[request]x=info",
            "auth http=info",
            "*=info",
            "auth_http[a]b]=info",
        ] {
            assert!(read(wrong).is_err(), "{wrong}: {:?}", read(wrong));
        }
        assert_eq!(read("loud,info,quiet=off,shout").map_err(|faults| faults.len()), Err(2), "all at once");
    }
}
