//! Reads JSON as Python's `json.loads` does, where serde_json would lose something.
//!
//! Integers keep every digit, `NaN` and `Infinity` are numbers, and a repeated key keeps its first place and its last
//! value. Refused, although Python reads them: lone surrogates, which no Rust text can hold and no hash is defined
//! over; and nesting deeper than 128.

use indexmap::IndexMap;

use super::{Int, Value};

/// Nesting beyond this is refused, so that recursion ends.
const MAX_DEPTH: usize = 128;

/// What Python itself refuses to read as an integer.
pub(super) const MAX_DIGITS: usize = 4300;

/// The text is not JSON that Python would read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// Not JSON.
    #[error("not JSON")]
    Syntax,
    /// Something stands behind the value.
    #[error("something stands behind the JSON value")]
    Trailing,
    /// Nested too deeply.
    #[error("JSON nested deeper than 128 levels")]
    Depth,
    /// An escaped surrogate without its other half.
    #[error("JSON text with half a surrogate pair")]
    Surrogate,
    /// An integer longer than Python reads.
    #[error("JSON integer of more than 4300 digits")]
    Digits,
}

/// Reads one JSON value.
///
/// # Errors
/// If the bytes are anything else.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = Reader { rest: std::str::from_utf8(bytes).map_err(|_| JsonError::Encoding)? };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.rest.is_empty() { Ok(value) } else { Err(JsonError::Trailing) }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::Depth);
        }
        self.skip_space();
        for (word, value) in [
            ("null", Value::None),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        if self.take("{") {
            self.object(depth)
        } else if self.take("[") {
            self.array(depth)
        } else if self.take("\"") {
            self.string().map(Value::Str)
        } else {
            self.number()
        }
    }

    /// Reads on behind the opening brace.
    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut dict = IndexMap::new();
        self.skip_space();
        if self.take("}") {
            return Ok(Value::Dict(dict));
        }
        loop {
            self.skip_space();
            self.expect("\"")?;
            let key = self.string()?;
            self.skip_space();
            self.expect(":")?;
            let value = self.value(depth + 1)?;
            dict.insert(key, value);
            self.skip_space();
            if self.take("}") {
                return Ok(Value::Dict(dict));
            }
            self.expect(",")?;
        }
    }

    /// Reads on behind the opening bracket.
    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut list = Vec::new();
        self.skip_space();
        if self.take("]") {
            return Ok(Value::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take("]") {
                return Ok(Value::List(list));
            }
            self.expect(",")?;
        }
    }

    /// Reads on behind the opening quote.
    fn string(&mut self) -> Result<String, JsonError> {
        let mut text = String::new();
        loop {
            let special = |c: char| c == '"' || c == '\\' || c < ' ';
            let end = self.rest.find(special).ok_or(JsonError::Syntax)?;
            text.push_str(self.advance(end)?);
            if self.take("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            text.push(self.escape()?);
        }
    }

    /// Reads on behind the backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        match self.advance(1)? {
            "\"" => Ok('"'),
            "\\" => Ok('\\'),
            "/" => Ok('/'),
            "b" => Ok('\u{8}'),
            "f" => Ok('\u{c}'),
            "n" => Ok('\n'),
            "r" => Ok('\r'),
            "t" => Ok('\t'),
            "u" => {
                let first = self.hex()?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).ok_or(JsonError::Surrogate);
                }
                if first >= 0xdc00 || !self.take("\\u") {
                    return Err(JsonError::Surrogate);
                }
                match self.hex()? {
                    second @ 0xdc00..0xe000 => char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                        .ok_or(JsonError::Surrogate),
                    _ => Err(JsonError::Surrogate),
                }
            }
            _ => Err(JsonError::Syntax),
        }
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.advance(4)?;
        // Checked apart, because a sign would also be read as a number.
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(JsonError::Syntax);
        }
        u32::from_str_radix(digits, 16).map_err(|_| JsonError::Syntax)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.rest;
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            return Err(JsonError::Syntax);
        }
        let whole = self.rest;
        let dot = self.rest;
        if self.take(".") && self.digits() == 0 {
            // As in Python, the number ends before the dot, which then stands behind the value.
            self.rest = dot;
        }
        let exponent = self.rest;
        if self.take("e") || self.take("E") {
            let _sign = self.take("+") || self.take("-");
            if self.digits() == 0 {
                self.rest = exponent;
            }
        }
        let text = start.get(..start.len() - self.rest.len()).ok_or(JsonError::Syntax)?;
        if self.rest.len() < whole.len() {
            return text.parse().map(Value::Float).map_err(|_| JsonError::Syntax);
        }
        if text.trim_start_matches('-').len() > MAX_DIGITS {
            return Err(JsonError::Digits);
        }
        Int::from_decimal(text).map(Value::Int).ok_or(JsonError::Syntax)
    }

    /// Skips digits and returns how many.
    fn digits(&mut self) -> usize {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let count = self.rest.len() - rest.len();
        self.rest = rest;
        count
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, prefix: &str) -> Result<(), JsonError> {
        if self.take(prefix) { Ok(()) } else { Err(JsonError::Syntax) }
    }

    fn advance(&mut self, bytes: usize) -> Result<&'a str, JsonError> {
        let (head, rest) = self.rest.split_at_checked(bytes).ok_or(JsonError::Syntax)?;
        self.rest = rest;
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn str_of(json: &str) -> String {
        crate::python::repr(&parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn numbers_keep_what_python_keeps() {
        assert_eq!(str_of("[1, 1.0, -0, -0.0, 1e2, 123456789012345678901234567890]"), {
            "[1, 1.0, 0, -0.0, 100.0, 123456789012345678901234567890]"
        });
        assert_eq!(str_of("[NaN, Infinity, -Infinity, 1e999]"), "[nan, inf, -inf, inf]");
    }

    #[test]
    fn a_repeated_key_keeps_its_first_place_and_its_last_value() {
        assert_eq!(str_of(r#"{"a":1,"b":2,"a":3}"#), "{'a': 3, 'b': 2}");
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(parse(br#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude80""#), {
            Ok(Value::Str("\"\\/\u{8}\u{c}\n\r\té🚀".to_owned()))
        });
    }

    #[test]
    fn half_a_surrogate_pair_is_refused() {
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800x""#, r#""\ud800\u0041""#, r#""\ud800\ud800""#] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Surrogate), "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "'a'",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\n\"",
            "\"\u{1f}\"",
            "-",
            "+1",
            ".5",
            "nan",
            "None",
            "True",
            "--1",
            "\u{feff}1",
            "\u{a0}1",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Syntax), "{text:?}");
        }
        for text in ["01", "1.", "1e", "1 2", "nulll", "{}x", "-01", "1.e5"] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Trailing), "{text:?}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(JsonError::Encoding));
        assert_eq!(parse("9".repeat(4301).as_bytes()), Err(JsonError::Digits));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));

        assert!(parse(nested(128).as_bytes()).is_ok());
        assert_eq!(parse(nested(130).as_bytes()), Err(JsonError::Depth));
        assert_eq!(parse("[".repeat(1_000_000).as_bytes()), Err(JsonError::Depth));
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_read_the_same(text in r#"[\[\]{}:,"\\u0-9a-f.eE+\- ]{0,24}"#) {
            if let Ok(expected) = serde_json::from_str::<serde_json::Value>(&text) {
                let read = parse(text.as_bytes());

                prop_assert_eq!(read.map(|value| serde_json::Value::from(&value)), Ok(expected));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes);
        }
    }
}
