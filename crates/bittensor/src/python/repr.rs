//! Python's `str()` and `repr()` of a value, character for character.

use std::fmt::Write as _;

use super::{Unicode, Value};

impl Unicode {
    /// Returns what `str()` does in a Python with this Unicode version: text as it is, anything else as `repr()`.
    #[must_use]
    pub fn str(self, value: &Value) -> String {
        match value {
            Value::Str(text) => text.clone(),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Dict(_) => {
                self.repr(value)
            }
        }
    }

    /// Returns what `repr()` does in a Python with this Unicode version.
    #[must_use]
    pub fn repr(self, value: &Value) -> String {
        let mut out = String::new();
        self.write(value, &mut out);
        out
    }

    fn write(self, value: &Value, out: &mut String) {
        match value {
            Value::None => out.push_str("None"),
            Value::Bool(true) => out.push_str("True"),
            Value::Bool(false) => out.push_str("False"),
            Value::Int(int) => out.push_str(int.as_str()),
            Value::Float(float) => out.push_str(&float_repr(*float)),
            Value::Str(text) => self.write_str(text, out),
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, out);
                    self.write(item, out);
                }
                out.push(']');
            }
            Value::Dict(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    separate(index, out);
                    self.write_str(key, out);
                    out.push_str(": ");
                    self.write(value, out);
                }
                out.push('}');
            }
        }
    }

    fn write_str(self, text: &str, out: &mut String) {
        let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
        out.push(quote);
        for c in text.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                _ if c == quote => out.extend(['\\', c]),
                _ if self.is_printable(c) => out.push(c),
                _ => {
                    let code = u32::from(c);
                    let _ = match code {
                        0..=0xff => write!(out, "\\x{code:02x}"),
                        0x100..=0xffff => write!(out, "\\u{code:04x}"),
                        _ => write!(out, "\\U{code:08x}"),
                    };
                }
            }
        }
        out.push(quote);
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

/// The shortest digits that read back as the same float, in Python's layout.
///
/// Of two shortest texts that are equally near, Python takes the even one, as zmij does; Rust's own formatting does not.
fn float_repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    let sign = if float.is_sign_negative() { "-" } else { "" };
    if float.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, point) = shortest(float.abs());
    format!("{sign}{}", layout(&digits, point))
}

/// Returns the digits without zeros around them, and where the decimal point stands counted from their start.
fn shortest(float: f64) -> (String, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(float);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let leading = i32::try_from(all.len() - digits.len()).unwrap_or(0);
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent.parse().unwrap_or(0) - leading;
    match digits.trim_end_matches('0') {
        "" => ("0".to_owned(), 1),
        digits => (digits.to_owned(), point),
    }
}

fn layout(digits: &str, point: i32) -> String {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or(0)).unwrap_or((digits, ""));
    match point {
        -3..=0 => format!("0.{}{digits}", zeros(-point)),
        1..=16 if point >= length => format!("{digits}{}.0", zeros(point - length)),
        1..=16 => {
            let (whole, fraction) = split(point);
            format!("{whole}.{fraction}")
        }
        _ => {
            let exponent = point - 1;
            let sign = if exponent < 0 { '-' } else { '+' };
            match split(1) {
                (first, "") => format!("{first}e{sign}{:02}", exponent.abs()),
                (first, rest) => format!("{first}.{rest}e{sign}{:02}", exponent.abs()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (float, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000_012_34, "1.234e-05"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e22, "1.5e+22"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (102_069_156_970_011.62, "102069156970011.62"),
            (-1234.5, "-1234.5"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float_repr(float), text);
        }
    }

    #[test]
    fn the_quote_is_the_one_that_needs_no_escape() {
        let repr = |text: &str| crate::python::repr(&Value::Str(text.to_owned()));

        assert_eq!(repr("plain"), "'plain'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("\"x\""), "'\"x\"'");
        assert_eq!(repr("'\""), "'\\'\"'");
    }
}
