//! Rows of a CSV (RFC 4180) by the names in its first one. What is wrong is told by the column's name, never by its value.

use std::{
    borrow::Cow,
    io::{self, BufRead, Take},
};

use ::csv::{ByteRecord, Reader, ReaderBuilder};
use auth_domain::admin::import::Refusal;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    FileFault, Listed,
    draft::Draft,
    members::{object_of, unreadable, wrong},
    time,
};

/// The longest row, in bytes: with a quote missing, the rest of the file is one.
const LONGEST: u64 = 1 << 20;

pub(super) struct Table<R> {
    reader: Reader<Take<R>>,
    /// How many rows were read, that with the names too.
    rows: u64,
    columns: Vec<String>,
    expected: &'static str,
}

/// A row with its names.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a [String],
    fields: &'a ByteRecord,
}

impl<R: BufRead> Table<R> {
    /// Reads the names.
    pub(super) fn of(source: R, expected: &'static str) -> Result<Self, FileFault> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.take(LONGEST));
        let mut table = Self { reader, rows: 0, columns: Vec::new(), expected };
        let names = table.next()?.unwrap_or_default();
        for name in &names {
            let name = str::from_utf8(name).map_err(|_bytes| table.fault("its first row is not UTF-8"))?;
            let name = name.trim().to_ascii_lowercase();
            if table.columns.contains(&name) {
                return Err(table.fault("its first row names a column twice"));
            }
            table.columns.push(name);
        }
        Ok(table)
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn fault(&self, why: impl Into<String>) -> FileFault {
        FileFault::Shape { expected: self.expected, why: why.into() }
    }

    /// What each row becomes; none may be passed over.
    pub(super) fn listed(mut self, read: impl Fn(Row<'_>) -> Result<Draft, Refusal>) -> Result<Vec<Listed>, FileFault> {
        let mut rows = Vec::new();
        while let Some(fields) = self.next()? {
            let row = Row { columns: &self.columns, fields: &fields };
            let draft = match (fields.len(), self.columns.len()) {
                (here, there) if here == there => read(row),
                (here, there) => Err(unreadable(format!("it has {here} fields, and the first row names {there}"))),
            };
            rows.push(Listed::of(self.rows, &row.shown("email"), draft));
        }
        Ok(rows)
    }

    /// The next row. Blank lines are none.
    fn next(&mut self) -> Result<Option<ByteRecord>, FileFault> {
        self.reader.get_mut().set_limit(LONGEST);
        let mut fields = ByteRecord::new();
        let is_there = self.reader.read_byte_record(&mut fields).map_err(io::Error::from)?;
        self.rows += 1;
        if self.reader.get_ref().limit() == 0 {
            return Err(self.fault(format!("row {} has more than {LONGEST} bytes; is a quote missing?", self.rows)));
        }
        Ok(is_there.then_some(fields))
    }
}

/// An empty field is as good as a missing one.
impl<'a> Row<'a> {
    fn bytes(self, name: &str) -> Option<&'a [u8]> {
        let place = self.columns.iter().position(|column| column == name)?;
        self.fields.get(place).filter(|field| !field.is_empty())
    }

    /// For the report.
    fn shown(self, name: &str) -> Cow<'a, str> {
        self.bytes(name).map(String::from_utf8_lossy).unwrap_or_default()
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, Refusal> {
        self.bytes(name).map(|bytes| str::from_utf8(bytes).map_err(|_bytes| wrong(name, "UTF-8"))).transpose()
    }

    /// As databases write it.
    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Refusal> {
        let flag = |text: &str| match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "y" | "on" => Ok(true),
            "f" | "false" | "0" | "no" | "n" | "off" => Ok(false),
            _ => Err(wrong(name, "true or false")),
        };
        self.text(name)?.map(flag).transpose()
    }

    pub(super) fn time(self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        self.text(name)?.map(|text| time::of_text(text).ok_or_else(|| wrong(name, "a time"))).transpose()
    }

    /// Nothing is an empty one.
    pub(super) fn object(self, name: &str) -> Result<Map<String, Value>, Refusal> {
        self.text(name)?.map_or(Ok(Map::new()), |text| object_of(text).ok_or_else(|| wrong(name, "a JSON object")))
    }
}
