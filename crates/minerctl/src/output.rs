//! The only place that writes to stdout and stderr: data there, words about it here.

use std::io::{self, Write};

use serde::Serialize;

/// Prints data as one JSON object.
///
/// # Errors
/// If stdout is closed or full.
pub(crate) fn json(data: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, data)?;
    writeln!(out)
}

/// Prints text that is the command's result.
///
/// # Errors
/// If stdout is closed or full.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints what a command has done: as data if `as_json`, else in words.
///
/// # Errors
/// If stdout is closed or full.
pub(crate) fn done(as_json: bool, data: &impl Serialize, words: &str) -> io::Result<()> {
    if as_json { json(data) } else { text(words) }
}

/// Whether a command failed because nobody reads its output any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Says what is going on; not part of the result.
pub(crate) fn note(text: &str) {
    // Nobody is left to tell if stderr is gone.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Makes hostile text safe for a terminal: no control characters, so no escape sequences.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Writes rows below each other with their columns aligned; the first row is the heading.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            line.push(' ');
            line.push_str(&format!("{cell:<width$} "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".into(), "long".into()], vec!["wide".into(), "b".into()]];

        assert_eq!(table(&rows), "  a     long\n  wide  b\n");
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }
}
