//! The earnings ledger: what came and went, in integers, only ever added to.

use common::call::wallet::balance::{Earnings, EarningsEntry, EarningsKind, EarningsQuery};
use common::id::{Netuid, OperationId, Ss58};
use common::money::Rao;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

/// Entries of one answer.
const MOST: u32 = 1000;

/// An entry that is not in the ledger yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NewEntry {
    pub(crate) unix_ms: u64,
    pub(crate) block: u64,
    pub(crate) kind: EarningsKind,
    pub(crate) netuid: Option<Netuid>,
    pub(crate) hotkey: Option<Ss58>,
    pub(crate) tao: i64,
    pub(crate) alpha: i64,
    pub(crate) price: Option<Rao>,
    pub(crate) transaction: Option<String>,
    pub(crate) operation: Option<OperationId>,
}

/// Adds an entry. An epoch's emission that is there already is not added again.
///
/// # Errors
/// The statement failed.
pub(crate) fn insert(connection: &Connection, entry: &NewEntry) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO earnings
        (unix_ms, block, kind, netuid, hotkey, tao, alpha, price, \"transaction\", operation)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(insert)?.execute(params![
        entry.unix_ms.cast_signed(),
        entry.block.cast_signed(),
        name(entry.kind)?,
        entry.netuid.map(|netuid| netuid.0),
        entry.hotkey.as_ref().map(Ss58::as_str),
        entry.tao,
        entry.alpha,
        entry.price.map(|price| price.0.cast_signed()),
        entry.transaction,
        entry.operation.map(|operation| operation.to_string()),
    ])?;
    Ok(())
}

/// Returns entries, oldest first.
///
/// # Errors
/// The statement failed, or an entry cannot be read.
pub(crate) fn page(connection: &Connection, query: &EarningsQuery) -> rusqlite::Result<Earnings> {
    let limit = query.limit.clamp(1, MOST);
    let select = "SELECT sequence, unix_ms, block, kind, netuid, hotkey, tao, alpha, price, \"transaction\", operation
        FROM earnings WHERE sequence > ?1 AND unix_ms >= ?2 AND unix_ms < ?3 ORDER BY sequence LIMIT ?4";
    let mut statement = connection.prepare_cached(select)?;
    let (since, until) = (bounded(query.since_unix_ms), bounded(query.until_unix_ms));
    let rows = statement.query_map((bounded(query.after), since, until, i64::from(limit) + 1), entry)?;
    let mut entries = rows.collect::<rusqlite::Result<Vec<EarningsEntry>>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(Earnings { entries, more })
}

/// What a hotkey's emission on a subnet was worth since a time, at the price of each epoch, in rao.
///
/// # Errors
/// The statement failed.
pub(crate) fn emission_value(connection: &Connection, netuid: Netuid, since_ms: u64) -> rusqlite::Result<u64> {
    let select = "SELECT alpha, price FROM earnings WHERE kind = ?1 AND netuid = ?2 AND unix_ms >= ?3";
    let mut statement = connection.prepare_cached(select)?;
    let rows = statement.query_map((name(EarningsKind::Emission)?, netuid.0, bounded(since_ms)), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let mut sum = 0_u128;
    for row in rows {
        let (alpha, price) = row?;
        let price = price.unwrap_or_default().unsigned_abs();
        sum = sum.saturating_add(u128::from(alpha.unsigned_abs()) * u128::from(price) / 1_000_000_000);
    }
    Ok(u64::try_from(sum).unwrap_or(u64::MAX))
}

/// Up to which epoch a hotkey's emission has been written down.
///
/// # Errors
/// The statement failed.
pub(crate) fn progress(
    connection: &Connection,
    chain: &str,
    netuid: Netuid,
    hotkey: &Ss58,
) -> rusqlite::Result<Option<u64>> {
    let select = "SELECT block FROM progress WHERE chain = ?1 AND netuid = ?2 AND hotkey = ?3";
    let block: Option<i64> = connection
        .prepare_cached(select)?
        .query_row((chain, netuid.0, hotkey.as_str()), |row| row.get(0))
        .optional()?;
    Ok(block.map(i64::unsigned_abs))
}

/// Writes down an epoch and what it brought.
///
/// # Errors
/// A statement failed.
pub(crate) fn advance(
    connection: &Connection,
    chain: &str,
    netuid: Netuid,
    hotkey: &Ss58,
    block: u64,
    entries: &[NewEntry],
) -> rusqlite::Result<()> {
    entries.iter().try_for_each(|entry| insert(connection, entry))?;
    let upsert = "INSERT INTO progress (chain, netuid, hotkey, block) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (chain, netuid, hotkey) DO UPDATE SET block = excluded.block";
    connection.prepare_cached(upsert)?.execute((chain, netuid.0, hotkey.as_str(), bounded(block)))?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<EarningsEntry> {
    Ok(EarningsEntry {
        sequence: row.get::<_, i64>(0)?.unsigned_abs(),
        unix_ms: row.get::<_, i64>(1)?.unsigned_abs(),
        block: row.get::<_, i64>(2)?.unsigned_abs(),
        kind: of_text(3, row.get(3)?)?,
        netuid: row.get::<_, Option<u16>>(4)?.map(Netuid),
        hotkey: row.get::<_, Option<String>>(5)?.map(|text| of_text(5, text)).transpose()?,
        tao: row.get(6)?,
        alpha: row.get(7)?,
        price: row.get::<_, Option<i64>>(8)?.map(|price| Rao(price.unsigned_abs())),
        transaction: row.get(9)?,
        operation: row.get::<_, Option<String>>(10)?.map(|text| of_text(10, text)).transpose()?,
    })
}

/// SQLite's integers have a sign.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn name(kind: EarningsKind) -> rusqlite::Result<String> {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(_) => Err(rusqlite::Error::InvalidQuery),
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
    }
}

fn of_text<T: DeserializeOwned>(column: usize, text: String) -> rusqlite::Result<T> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests;
