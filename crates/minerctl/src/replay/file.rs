//! Reads a table of outcomes from a CSV file, compressed or not. What is wrong is told with line and column.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use csv::{Position, StringRecord};
use flate2::bufread::MultiGzDecoder;
use learning::replay::prompt;
use learning::replay::table::{Outcome, Price, Row, Table, Unit, fit_price};

use super::classes::{self, Classing};
use super::columns::Columns;

/// The most that is read, decompressed.
const MAX_BYTES: u64 = 1 << 30;

/// How a file is read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The column whose values are the classes; chosen by its values if absent.
    pub(crate) class_column: Option<String>,
    /// Dollars per million tokens of prompt and answer, by arm, for tables without costs.
    pub(crate) prices: BTreeMap<String, (f64, f64)>,
    /// Whether rows that cannot be used are left out instead of being an error.
    pub(crate) skip_bad_rows: bool,
}

/// A table and what was noticed when reading it.
#[derive(Debug)]
pub(crate) struct TableFile {
    /// The table.
    pub(crate) table: Table,
    /// The column that the classes are of.
    pub(crate) class_column: Option<String>,
    /// The first rows that were left out, and why.
    pub(crate) skipped: Vec<TableError>,
    /// How many were left out.
    pub(crate) skipped_rows: usize,
}

/// A file that is no table of outcomes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// The file cannot be opened or read.
    #[error("cannot read the file")]
    Read(#[from] std::io::Error),
    /// The text is no CSV.
    #[error("no CSV")]
    Csv(#[from] csv::Error),
    /// There is too much of it.
    #[error("the table is larger than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// The heading is wrong.
    #[error("line 1: {0}")]
    Heading(String),
    /// A cell is wrong.
    #[error("line {line}, column `{column}`: {problem}")]
    Cell {
        /// The line that the row begins in, from 1.
        line: u64,
        /// The column's heading.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// There is nothing to replay.
    #[error("no row can be used")]
    Empty,
    /// A price is given for an arm that is not there.
    #[error("there is no arm `{0}`")]
    NoArm(String),
    /// The classes are asked from a column that is not there.
    #[error("there is no column `{0}` to take the classes from")]
    NoColumn(String),
}

/// Reads a table.
///
/// # Errors
/// If the file cannot be read or is no table of outcomes.
pub(crate) fn read(path: &Path, reading: &Reading) -> Result<TableFile, TableError> {
    let mut file = BufReader::new(File::open(path)?);
    let is_compressed = std::io::BufRead::fill_buf(&mut file)?.starts_with(&[0x1f, 0x8b]);
    if is_compressed { parse(MultiGzDecoder::new(file), reading) } else { parse(file, reading) }
}

/// Reads a table from text.
///
/// # Errors
/// If the text is no table of outcomes.
pub(crate) fn parse(text: impl Read, reading: &Reading) -> Result<TableFile, TableError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.take(MAX_BYTES));
    let columns = Columns::new(reader.headers()?).map_err(TableError::Heading)?;
    if let Some(arm) = reading.prices.keys().find(|arm| !columns.arms.iter().any(|known| known.name == **arm)) {
        return Err(TableError::NoArm(arm.clone()));
    }
    let mut classing = Classing::new(&columns, reading.class_column.as_deref())?;
    let (mut rows, mut skipped, mut skipped_rows) = (Vec::new(), Vec::new(), 0);
    for record in reader.records() {
        let record = record?;
        if record.position().is_some_and(|position| position.byte() >= MAX_BYTES - 1) {
            return Err(TableError::TooLarge);
        }
        match row(&record, &columns, reading) {
            Ok(row) => {
                classing.note(&record);
                rows.push(row);
            }
            Err(error) if reading.skip_bad_rows => {
                skipped_rows += 1;
                if skipped.len() < 5 {
                    skipped.push(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    if rows.is_empty() {
        return Err(TableError::Empty);
    }
    let classes::Classes { column, names, of_rows } = classing.finish();
    for (row, class) in rows.iter_mut().zip(of_rows) {
        row.class = class;
    }
    let arms: Vec<String> = columns.arms.iter().map(|arm| arm.name.clone()).collect();
    let mut table = Table { arms, classes: names, rows, unit: unit(&columns, &reading.prices), prices: Vec::new() };
    table.prices = (0..table.arms.len()).map(|arm| price(&table, arm, reading)).collect();
    Ok(TableFile { table, class_column: column, skipped, skipped_rows })
}

/// What costs are counted in: dollars where they are known for every arm, else tokens.
fn unit(columns: &Columns, prices: &BTreeMap<String, (f64, f64)>) -> Unit {
    let in_dollars = |arm: &super::columns::ArmColumns| {
        arm.cost_usd.is_some() || (prices.contains_key(&arm.name) && arm.output_tokens.is_some())
    };
    if columns.arms.iter().all(in_dollars) {
        Unit::Usd
    } else if columns.arms.iter().all(|arm| arm.output_tokens.is_some()) {
        Unit::Tokens
    } else {
        Unit::Unknown
    }
}

fn price(table: &Table, arm: usize, reading: &Reading) -> Price {
    let given = table.arms.get(arm).and_then(|name| reading.prices.get(name));
    match given {
        Some((input, output)) => Price::PerToken { input: input / 1e6, output: output / 1e6 },
        None => fit_price(&table.of_arm(arm)),
    }
}

fn row(record: &StringRecord, columns: &Columns, reading: &Reading) -> Result<Row, TableError> {
    let cell = Cells { record, line: record.position().map_or(0, Position::line) };
    let prompt = columns.prompt.and_then(|column| record.get(column)).unwrap_or_default();
    let prompt_tokens = match columns.prompt_tokens {
        Some(column) => cell.amount(column, "prompt_tokens")?,
        // As rough as the router's own bound is safe: four bytes of English are a token.
        None => (prompt.len() as f64 / 4.0).ceil(),
    };
    let unit = unit(columns, &reading.prices);
    let outcome = |arm: &super::columns::ArmColumns| {
        let reward = cell.number(arm.reward, &format!("{}.reward", arm.name))?;
        let amount = |column: Option<usize>, suffix: &str| match column {
            Some(column) => cell.amount(column, &format!("{}.{suffix}", arm.name)).map(Some),
            None => Ok(None),
        };
        let input_tokens = amount(arm.input_tokens, "in_tokens")?.unwrap_or(prompt_tokens);
        let output_tokens = amount(arm.output_tokens, "out_tokens")?.unwrap_or(0.0);
        let told = amount(arm.cost_usd, "cost_usd")?;
        let cost = match (unit, reading.prices.get(&arm.name)) {
            (Unit::Usd, Some((input, output))) => (input_tokens * input + output_tokens * output) / 1e6,
            (Unit::Usd, None) => told.unwrap_or(0.0),
            (Unit::Tokens, _) => input_tokens + output_tokens,
            (Unit::Unknown, _) => 0.0,
        };
        Ok(Outcome { reward, cost, input_tokens, output_tokens })
    };
    let outcomes = columns.arms.iter().map(outcome).collect::<Result<_, TableError>>()?;
    Ok(Row { class: 0, features: prompt::features(prompt), outcomes })
}

/// A row's cells, and the line for what is wrong with them.
struct Cells<'a> {
    record: &'a StringRecord,
    line: u64,
}

impl Cells<'_> {
    /// The largest reward, to both sides of 0, that is believed to be one.
    const LARGEST_REWARD: f64 = 10.0;

    /// A number that may be negative.
    fn number(&self, column: usize, name: &str) -> Result<f64, TableError> {
        let number = self.finite(column, name)?;
        if number.abs() > Self::LARGEST_REWARD {
            return Err(self.wrong(name, format!("{number} is no reward; rewards are about 0 to 1")));
        }
        Ok(number)
    }

    /// A number that is 0 at least.
    fn amount(&self, column: usize, name: &str) -> Result<f64, TableError> {
        let number = self.finite(column, name)?;
        if number < 0.0 {
            return Err(self.wrong(name, format!("{number} is negative")));
        }
        Ok(number)
    }

    fn finite(&self, column: usize, name: &str) -> Result<f64, TableError> {
        let text = self.record.get(column).unwrap_or_default().trim();
        if text.is_empty() {
            return Err(self.wrong(name, "the cell is empty".into()));
        }
        let number: f64 = text.parse().map_err(|_| self.wrong(name, format!("`{}` is no number", brief(text))))?;
        if number.is_finite() { Ok(number) } else { Err(self.wrong(name, format!("{number} is no finite number"))) }
    }

    fn wrong(&self, column: &str, problem: String) -> TableError {
        TableError::Cell { line: self.line, column: column.to_owned(), problem }
    }
}

/// The beginning of a text that came from outside.
fn brief(text: &str) -> String {
    crate::output::printable(&text.chars().take(40).collect::<String>())
}
