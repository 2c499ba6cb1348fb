//! The only place that writes to stdout and stderr: data there, words about it here.

use std::io::{self, Write};

use serde::Serialize;

/// Prints data as JSON.
///
/// # Errors
/// If stdout is closed or full.
pub(crate) fn json(data: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, data)?;
    writeln!(out)
}

/// Prints a line that is the command's result.
///
/// # Errors
/// If stdout is closed or full.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
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
