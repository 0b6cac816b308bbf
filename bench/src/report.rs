//! The table of results, and the aims in it.

use crate::load::Outcome;

/// The number of columns.
const COLUMNS: usize = 9;

/// A target for a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
    Between(f64, f64),
}

/// One measurement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) measure: String,
    pub(crate) clients: Option<usize>,
    pub(crate) outcome: Option<Outcome>,
    /// The ratios to what it is compared with.
    pub(crate) against: Vec<Ratio>,
    /// A figure that is not a rate, with its unit.
    pub(crate) figure: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    pub(crate) of: String,
    pub(crate) aim: Option<Aim>,
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Between(least, most) => (least..=most).contains(&value),
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
            Self::Between(least, most) => format!("{least} to {most}"),
        }
    }
}

impl Row {
    pub(crate) fn rate(measure: impl Into<String>, clients: usize, outcome: Outcome) -> Self {
        Self { measure: measure.into(), clients: Some(clients), outcome: Some(outcome), ..Self::default() }
    }

    pub(crate) fn figure(measure: impl Into<String>, figure: String) -> Self {
        Self { measure: measure.into(), figure: Some(figure), ..Self::default() }
    }

    pub(crate) fn per(mut self, value: f64, of: impl Into<String>, aim: Option<Aim>) -> Self {
        self.against.push(Ratio { value, of: of.into(), aim });
        self
    }

    fn cells(&self) -> [String; COLUMNS] {
        let rate = |rate: f64| if rate < 100.0 { format!("{rate:.2}") } else { format!("{rate:.0}") };
        let dash = || "–".to_owned();
        let outcome = self.outcome.as_ref();
        let time =
            |time: fn(&Outcome) -> f64| outcome.map(time).filter(|time| *time > 0.0).map_or_else(dash, |ms| format!("{ms:.2}"));
        let errors = outcome.map_or_else(dash, |outcome| match outcome.refused {
            0 => outcome.errors.to_string(),
            refused => format!("{}; {refused} × 503 within {:.0} ms", outcome.errors, outcome.refused_after),
        });
        let against =
            self.against.iter().map(|ratio| format!("{:.2} × {}", ratio.value, ratio.of)).collect::<Vec<_>>().join(", ");
        let aims = self.against.iter().filter_map(|ratio| ratio.aim.map(|aim| (aim, ratio.value)));
        let aims: Vec<_> =
            aims.map(|(aim, value)| format!("{}{}", aim.text(), if aim.is_met(value) { "" } else { " ✗" })).collect();
        [
            self.measure.clone(),
            self.clients.map(|clients| clients.to_string()).unwrap_or_default(),
            outcome.map_or_else(|| self.figure.clone().unwrap_or_default(), |outcome| rate(outcome.rate)),
            time(|outcome| outcome.p50),
            time(|outcome| outcome.p99),
            time(|outcome| outcome.cpu),
            errors,
            against,
            aims.join(", "),
        ]
    }
}

/// The round in the middle by its ratio, and the ratios of all, as a row names them. There has to be a round.
pub(crate) fn median<T>(mut rounds: Vec<T>, ratio: impl Fn(&T) -> f64) -> (T, String) {
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let ratios: Vec<_> = rounds.iter().map(|round| format!("{:.2}", ratio(round))).collect();
    (rounds.swap_remove(rounds.len() / 2), ratios.join(", "))
}

/// As Markdown, with columns as wide as they need to be.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["measure", "clients", "requests/s", "p50 ms", "p99 ms", "CPU µs", "errors", "against", "aim"].map(str::to_owned);
    let lines: Vec<[String; COLUMNS]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let mut widths = [0; COLUMNS];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            text += &format!("| {cell:width$} ");
        }
        text += "|\n";
        if index == 0 {
            for width in widths {
                text += &format!("|{}", "-".repeat(width + 2));
            }
            text += "|\n";
        }
    }
    text
}
