//! Numbers and names in the database's columns.

use common::call::task::Amount;
use common::id::Netuid;
use common::money::NanoUsd;
use rusqlite::types::Type;
use rusqlite::{Row, ToSql};

use super::limit::Subject;

/// SQLite's integers are signed: an amount beyond them stays at the largest, which no limit has room for.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
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

/// Reads the columns `vendor`, `model`, `netuid` and `validator`.
pub(super) fn subject(row: &Row<'_>) -> rusqlite::Result<Subject> {
    let validator: String = row.get("validator")?;
    Ok(Subject {
        vendor: row.get_ref("vendor")?.as_str()?.into(),
        model: row.get_ref("model")?.as_str()?.into(),
        netuid: Netuid(row.get("netuid")?),
        validator: validator
            .parse()
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?,
    })
}

/// The condition of a scope, for the parameters of [`scope`]; an absent key matches everything.
pub(super) const SCOPE: &str = "(:vendor IS NULL OR vendor = :vendor) AND (:model IS NULL OR model = :model) \
     AND (:netuid IS NULL OR netuid = :netuid) AND (:validator IS NULL OR validator = :validator)";

/// The values of a scope's keys, owned so that they can be bound.
pub(super) struct ScopeValues {
    vendor: Option<String>,
    model: Option<String>,
    netuid: Option<u16>,
    validator: Option<String>,
}

impl ScopeValues {
    /// Takes them from a scope.
    pub(super) fn of(scope: &common::config::budget::LimitScope) -> Self {
        Self {
            vendor: scope.vendor.as_ref().map(ToString::to_string),
            model: scope.model.as_ref().map(ToString::to_string),
            netuid: scope.netuid.map(|netuid| netuid.0),
            validator: scope.validator.as_ref().map(ToString::to_string),
        }
    }

    /// Returns the parameters of [`SCOPE`] and two more.
    pub(super) fn with<'a>(&'a self, others: [(&'a str, &'a String); 2]) -> [(&'a str, &'a dyn ToSql); 6] {
        let [first, second] = others;
        [
            (first.0, first.1),
            (second.0, second.1),
            (":vendor", &self.vendor),
            (":model", &self.model),
            (":netuid", &self.netuid),
            (":validator", &self.validator),
        ]
    }
}
