//! Numbers and names in the database's columns.

use common::call::task::Amount;
use common::id::Netuid;
use common::money::NanoUsd;
use rusqlite::Row;
use rusqlite::types::Type;

use super::limit::{Key, Subject};

/// SQLite's integers are signed: an amount beyond them stays at the largest, which no limit has room for.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns an amount as it comes back from the database.
pub(super) fn stored(amount: Amount) -> Amount {
    let stored = |number| integer(number).unsigned_abs();
    Amount { tokens: stored(amount.tokens), cost: NanoUsd(stored(amount.cost.0)) }
}

/// Reads a number that [`integer`] wrote.
pub(super) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    unsigned(row.get(column)?)
}

/// Reads a number that [`integer`] wrote, or nothing.
pub(super) fn optional_number(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)?.map(unsigned).transpose()
}

fn unsigned(number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))
}

/// Reads an amount from a column with tokens and one with money.
pub(super) fn amount(row: &Row<'_>, tokens: &str, cost: &str) -> rusqlite::Result<Amount> {
    Ok(Amount { tokens: number(row, tokens)?, cost: NanoUsd(number(row, cost)?) })
}

/// Returns what the column `key` has for a key.
pub(super) fn key(key: &Key) -> Option<&str> {
    match key {
        Key::Unknown => None,
        Key::None => Some(""),
        Key::Entry(name) => Some(name),
    }
}

/// Reads the columns `vendor`, `key`, `model`, `netuid` and `validator`.
pub(super) fn subject(row: &Row<'_>) -> rusqlite::Result<Subject> {
    let validator: String = row.get("validator")?;
    Ok(Subject {
        vendor: row.get_ref("vendor")?.as_str()?.into(),
        key: match row.get::<_, Option<String>>("key")? {
            None => Key::Unknown,
            Some(name) if name.is_empty() => Key::None,
            Some(name) => Key::Entry(name),
        },
        model: row.get_ref("model")?.as_str()?.into(),
        netuid: Netuid(row.get("netuid")?),
        validator: validator
            .parse()
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?,
    })
}
