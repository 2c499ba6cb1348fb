//! Python's way of writing values, as far as the simulated validators need it: ASCII text, lists of it, seconds, JSON.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Returns `str()` of a list of strings.
pub(super) fn str_of_list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| repr(item)).collect();
    format!("[{}]", items.join(", "))
}

/// Returns `repr()` of a string of ASCII characters; other characters are taken to be printable.
fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if c.is_ascii_control() => written.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

/// Returns `str()` of a float of seconds, such as `12.0`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:?}", time.as_secs_f64())
}

/// Returns `json.dumps()` of a value of ASCII text.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut written = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut written, PythonFormatter);
    // Writing JSON values into memory does not fail.
    drop(value.serialize(&mut serializer));
    written
}

/// `json.dumps` puts a space after each comma and colon.
struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_chosen_as_python_chooses_them() {
        let cases = [
            ("plain", "'plain'"),
            ("What's", "\"What's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("it's \"hi\"", r#"'it\'s "hi"'"#),
            ("a\\b\n\t\r\u{1}\u{7f}", r"'a\\b\n\t\r\x01\x7f'"),
            ("", "''"),
        ];

        for (text, expected) in cases {
            assert_eq!(repr(text), expected);
        }
        assert_eq!(str_of_list(&["a".into(), "b's".into()]), "['a', \"b's\"]");
        assert_eq!(str_of_list(&[]), "[]");
    }

    #[test]
    fn seconds_are_floats() {
        assert_eq!(seconds(Duration::from_secs(12)), "12.0");
        assert_eq!(seconds(Duration::from_millis(1_500)), "1.5");
    }

    #[test]
    fn json_has_pythons_spaces() {
        let value = serde_json::json!({ "a": [1, "x"], "b": null });

        assert_eq!(json(&value), br#"{"a": [1, "x"], "b": null}"#);
    }
}
