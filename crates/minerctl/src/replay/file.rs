//! Reads a table of outcomes from a CSV file, compressed or not. What is wrong is told with line and column.

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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HEADING: &str = "task,prompt,a.reward,a.out_tokens,a.cost_usd,b.reward,b.out_tokens,b.cost_usd";

    fn parsed(rows: &str) -> Result<TableFile, TableError> {
        parse(format!("{HEADING}\n{rows}").as_bytes(), &Reading::default())
    }

    #[test]
    fn a_table_is_read_with_its_quoted_prompts() {
        let rows = "x,\"one,\ntwo\",1,5,0.1,0.5,7,0.2\ny,three,0,5,0.1,-0.5,7,0.2\n";
        let reading = Reading { class_column: Some("task".into()), ..Reading::default() };

        let file = parse(format!("{HEADING}\n{rows}").as_bytes(), &reading).unwrap();

        assert_eq!(file.table.arms, ["a", "b"]);
        assert_eq!(file.table.classes, ["x", "y"]);
        assert_eq!(file.table.unit, Unit::Usd);
        assert_eq!(file.table.rows[1].class, 1);
        let outcome = Outcome { reward: 0.5, cost: 0.2, input_tokens: 2.0, output_tokens: 7.0 };
        assert_eq!(file.table.rows[0].outcomes[1], outcome);
    }

    #[test]
    fn a_compressed_table_is_the_same_table() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        write!(writer, "{HEADING}\nx,p,1,5,0.1,0.5,7,0.2\n").unwrap();
        writer.finish().unwrap();

        let table = read(file.path(), &Reading::default()).unwrap().table;

        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.arms, ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column() {
        let good = "x,\"p\nq\",1,5,0.1,0.5,7,0.2\n";
        let cases = [
            ("x,p,NaN,5,0.1,0.5,7,0.2", "line 4, column `a.reward`: NaN is no finite number"),
            ("x,p,1,5,0.1,,7,0.2", "line 4, column `b.reward`: the cell is empty"),
            ("x,p,1,5,-0.1,0.5,7,0.2", "line 4, column `a.cost_usd`: -0.1 is negative"),
            ("x,p,1,many,0.1,0.5,7,0.2", "line 4, column `a.out_tokens`: `many` is no number"),
            ("x,p,1000,5,0.1,0.5,7,0.2", "line 4, column `a.reward`: 1000 is no reward; rewards are about 0 to 1"),
        ];

        for (row, message) in cases {
            assert_eq!(parsed(&format!("{good}{row}\n")).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_row_of_another_length_is_told_with_its_line() {
        let error = anyhow::Error::from(parsed("x,p,1,5,0.1,0.5,7,0.2\nx,p,1\n").unwrap_err());

        assert!(format!("{error:#}").contains("line: 3"), "{error:#}");
    }

    #[test]
    fn rows_that_cannot_be_used_are_left_out_on_demand() {
        let reading = Reading { skip_bad_rows: true, ..Reading::default() };
        let text = format!("{HEADING}\nx,p,NaN,5,0.1,0.5,7,0.2\nx,p,1,5,0.1,0.5,7,0.2\n");

        let file = parse(text.as_bytes(), &reading).unwrap();

        assert_eq!((file.table.rows.len(), file.skipped_rows), (1, 1));
        assert!(file.skipped[0].to_string().starts_with("line 2"), "{:?}", file.skipped);
    }

    #[test]
    fn a_table_without_a_usable_row_is_refused() {
        assert!(matches!(parsed(""), Err(TableError::Empty)));
    }

    #[test]
    fn without_costs_tokens_are_counted_unless_prices_are_given() {
        let text = "task,prompt,prompt_tokens,a.reward,a.out_tokens\nx,p,10,1,5\n";
        let priced = Reading { prices: [("a".to_owned(), (2.0, 4.0))].into(), ..Reading::default() };

        let tokens = parse(text.as_bytes(), &Reading::default()).unwrap().table;
        let dollars = parse(text.as_bytes(), &priced).unwrap().table;

        assert_eq!((tokens.unit, tokens.rows[0].outcomes[0].cost), (Unit::Tokens, 15.0));
        assert_eq!(dollars.unit, Unit::Usd);
        assert!((dollars.rows[0].outcomes[0].cost - 40e-6).abs() < 1e-12);
    }

    #[test]
    fn a_price_of_an_unknown_arm_is_refused() {
        let reading = Reading { prices: [("z".to_owned(), (1.0, 1.0))].into(), ..Reading::default() };

        let error = parse(format!("{HEADING}\n").as_bytes(), &reading).unwrap_err();

        assert_eq!(error.to_string(), "there is no arm `z`");
    }
}
