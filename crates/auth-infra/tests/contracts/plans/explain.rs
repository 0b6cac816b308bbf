//! What an engine says of a statement, and what is wrong with it.

use std::collections::BTreeSet;

use crate::scratch::{Engine, Scratch};

/// The statement with its parameters in it.
pub(super) fn literally(engine: Engine, recorded: &str) -> String {
    let (mut statement, binds) = recorded.split_once(" -- binds: ").map(|(sql, binds)| (sql.to_owned(), binds)).unwrap();
    let literals = literals(binds);
    // From the last, so that $1 is not found in $10.
    for (index, literal) in literals.iter().enumerate().rev() {
        let place = match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => statement.rfind('?').map(|at| at..at + 1),
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let mark = format!("${}", index + 1);
                statement.rfind(&mark).map(|at| at..at + mark.len())
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => statement.rfind('?').map(|at| at..at + 1),
        };
        statement.replace_range(place.unwrap_or_else(|| panic!("no place {index} in {recorded}")), literal);
    }
    statement
}

/// Reads Rust's way of showing a list: texts, numbers, times, and lists.
fn literals(binds: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = binds.trim().strip_prefix('[').unwrap().strip_suffix(']').unwrap();
    while !rest.is_empty() {
        let closed = |by: char| rest.get(1..).unwrap().find(by).unwrap() + 2;
        let end = match rest.chars().next() {
            // Its quotation marks may be escaped.
            Some('"') => {
                rest.match_indices('"').map(|(at, _)| at).find(|at| *at > 0 && !rest[..*at].ends_with('\\')).unwrap() + 1
            }
            Some('[') => closed(']'),
            _bare => rest.find(", ").unwrap_or(rest.len()),
        };
        let (item, behind) = rest.split_at(end);
        literals.push(match item {
            bare @ ("true" | "false") => bare.to_owned(),
            "None" => "NULL".to_owned(),
            number if number.parse::<i64>().is_ok() => number.to_owned(),
            list if list.starts_with('[') => format!("ARRAY[{}]", self::literals(list).join(", ")),
            json if json.contains('\\') => format!("'{}'", json.trim_matches('"').replace("\\\"", "\"").replace('\'', "''")),
            text => format!("'{}'", plain(text).trim_matches('"').replace('T', " ").replace('\'', "''")),
        });
        rest = behind.trim_start_matches(", ");
    }
    literals
}

/// What is not null is shown as something.
fn plain(text: &str) -> &str {
    text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

pub(super) fn plan(engine: Engine, scratch: &Scratch, statement: &str) -> Vec<String> {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => scratch.plan(&format!("EXPLAIN QUERY PLAN {statement}")),
        #[cfg(feature = "postgres")]
        Engine::Postgres => scratch.plan(&format!("EXPLAIN {statement}")),
        #[cfg(feature = "mysql")]
        Engine::Mysql => scratch.plan(&format!("EXPLAIN FORMAT=JSON {statement}")),
    }
}

/// Whether a column has two bounds on one side: SQLite goes to one of them in an index, and reads all that lies between it and the
/// other. What stands before or behind an OR is no such bound.
pub(super) fn is_bounded_twice(statement: &str) -> bool {
    let bounds = |by: [&str; 2]| {
        let before = statement.split_once(" OR ").and_then(|(before, _)| before.rsplit_once("(("));
        let (conditions, _one_of_several) = before.unwrap_or((statement, ""));
        let words: Vec<_> = conditions.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        let pairs = words.windows(2).filter_map(|pair| match pair {
            [column, sign] if by.contains(sign) => Some((*column).to_owned()),
            _ => None,
        });
        pairs.collect::<Vec<_>>()
    };
    [[">", ">="], ["<", "<="]].into_iter().map(bounds).any(|columns| {
        let different: BTreeSet<_> = columns.iter().collect();
        different.len() < columns.len()
    })
}

/// Whether the plan goes through an index from end to end, as only PostgreSQL tells.
pub(super) fn reads_whole(engine: Engine, plan: &[String]) -> bool {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => false,
        #[cfg(feature = "postgres")]
        Engine::Postgres => !plan.iter().any(|line| line.contains("Limit")) && plan.iter().any(|line| rows_expected(line) > 5000),
        #[cfg(feature = "mysql")]
        Engine::Mysql => false,
    }
}

/// How many rows PostgreSQL expects of a step of its plan; of most tables there are 10,000.
#[cfg(feature = "postgres")]
fn rows_expected(line: &str) -> u64 {
    let behind = line.split_once("rows=").map_or("", |(_, behind)| behind);
    behind.split(' ').next().map_or(0, |number| number.parse().unwrap_or(0))
}

pub(super) fn is_scan(engine: Engine, line: &str) -> bool {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => line.starts_with("SCAN"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => line.contains("Seq Scan"),
        #[cfg(feature = "mysql")]
        Engine::Mysql => line.contains("\"access_type\": \"ALL\"") || line.contains("\"access_type\": \"index\""),
    }
}
