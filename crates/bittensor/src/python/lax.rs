//! The readings of text as a number or a truth value that pydantic's lax mode allows.

use super::Int;
use super::json::MAX_DIGITS;

/// Reads an integer: white space around it, a sign, single underscores between digits and a fraction of zeros are allowed.
pub(super) fn int(text: &str) -> Option<Int> {
    let text = text.trim();
    if text.len() > MAX_DIGITS {
        return None;
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    let unscored = without_underscores(digits)?;
    if unscored.starts_with(['-', '+']) {
        return None;
    }
    Int::from_decimal(&format!("{sign}{unscored}"))
}

/// Reads a float as Rust does, which is also what pydantic uses: with white space around it or with single underscores
/// inside, but not with both.
pub(super) fn float(text: &str) -> Option<f64> {
    text.trim().parse().ok().or_else(|| without_underscores(text)?.parse().ok())
}

/// Reads one of the words that stand for a truth value, in any case.
pub(super) fn bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// Reads a float as an integer if it is one and an `i64` can hold it, as pydantic does.
pub(super) fn whole(float: f64) -> Option<Int> {
    // The limits themselves are refused.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (float.trunc() == float && -LIMIT < float && float < LIMIT).then(|| Int::from(float as i64))
}

fn without_underscores(text: &str) -> Option<String> {
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    Some(text.replace('_', ""))
}
