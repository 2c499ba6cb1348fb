//! `minerctl earnings`: what came and went, as a table, as JSON, or as CSV.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use common::call::wallet::balance::{EarningsEntry, EarningsQuery};
use common::money::billionths;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::{CommonArgs, EarningsArgs};
use crate::operation::Desk;
use crate::output;

/// Entries of one call.
const PAGE: u32 = 1000;
/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the command.
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, args: &EarningsArgs) -> anyhow::Result<ExitCode> {
    let entries = read(common, args).await?;
    if args.csv {
        output::text(&csv(&entries)?)?;
    } else if common.json {
        output::json(&json!({ "schema": 1, "entries": entries }))?;
    } else {
        output::text(&output::table(&sums(&entries)?))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn read(common: &CommonArgs, args: &EarningsArgs) -> anyhow::Result<Vec<EarningsEntry>> {
    let desk = Desk::open(common).await?;
    let since_unix_ms = args.since.map(begin_of).transpose()?.unwrap_or(0);
    let until_unix_ms = args.until.map(begin_of).transpose()?.unwrap_or(u64::MAX);
    let mut entries: Vec<EarningsEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.sequence);
        let query = EarningsQuery { since_unix_ms, until_unix_ms, after, limit: PAGE };
        let page = desk.client.call(query, PATIENCE).await?;
        let none = page.entries.is_empty();
        entries.extend(page.entries);
        if none || !page.more {
            return Ok(entries);
        }
    }
}

fn begin_of(day: Date) -> anyhow::Result<u64> {
    let begin = day.to_zoned(TimeZone::UTC).context("there is no such day")?;
    Ok(u64::try_from(begin.timestamp().as_millisecond()).unwrap_or(0))
}

/// Amounts in whole units, exactly; no field needs quotes.
fn csv(entries: &[EarningsEntry]) -> anyhow::Result<String> {
    let mut text = "time,block,kind,netuid,hotkey,tao,alpha,price_tao,value_tao,transaction,operation\n".to_owned();
    for entry in entries {
        let optional = |field: Option<String>| field.unwrap_or_default();
        let fields = [
            time(entry.unix_ms)?,
            entry.block.to_string(),
            kind(entry),
            optional(entry.netuid.map(|netuid| netuid.to_string())),
            optional(entry.hotkey.as_ref().map(ToString::to_string)),
            signed(entry.tao),
            signed(entry.alpha),
            optional(entry.price.map(|price| billionths(price.0))),
            signed(value(entry)),
            optional(entry.transaction.clone()),
            optional(entry.operation.map(|operation| operation.to_string())),
        ];
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    Ok(text)
}

/// Each day's sum of each kind.
fn sums(entries: &[EarningsEntry]) -> anyhow::Result<Vec<Vec<String>>> {
    /// Day, kind and subnet.
    type Key = (String, String, Option<u16>);
    let mut sums: BTreeMap<Key, (i64, i64, i64)> = BTreeMap::new();
    for entry in entries {
        let day = time(entry.unix_ms)?.get(..10).unwrap_or_default().to_owned();
        let sum = sums.entry((day, kind(entry), entry.netuid.map(|netuid| netuid.0))).or_default();
        sum.0 = sum.0.saturating_add(entry.tao);
        sum.1 = sum.1.saturating_add(entry.alpha);
        sum.2 = sum.2.saturating_add(value(entry));
    }
    let heading = ["DAY", "KIND", "SUBNET", "TAO", "ALPHA", "WORTH TAO"].map(str::to_owned).to_vec();
    let rows = sums.into_iter().map(|((day, kind, netuid), (tao, alpha, value))| {
        let netuid = netuid.map_or_else(|| "-".to_owned(), |netuid| netuid.to_string());
        vec![day, kind, netuid, signed(tao), signed(alpha), signed(value)]
    });
    Ok(std::iter::once(heading).chain(rows).collect())
}

/// What an entry was worth in rao then: its TAO, or else its alpha at its price.
fn value(entry: &EarningsEntry) -> i64 {
    if entry.tao != 0 {
        return entry.tao;
    }
    let price = i128::from(entry.price.map_or(0, |price| price.0));
    i64::try_from(i128::from(entry.alpha) * price / 1_000_000_000).unwrap_or_default()
}

fn kind(entry: &EarningsEntry) -> String {
    serde_json::to_value(entry.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
}

fn time(unix_ms: u64) -> anyhow::Result<String> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(unix_ms)?)?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn signed(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}", billionths(amount.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use common::call::wallet::balance::EarningsKind;
    use common::id::Netuid;
    use common::money::Rao;

    use super::*;

    fn entry(kind: EarningsKind, tao: i64, alpha: i64) -> EarningsEntry {
        EarningsEntry {
            sequence: 1,
            unix_ms: 1_785_000_000_000,
            block: 7,
            kind,
            netuid: Some(Netuid(3)),
            hotkey: Some("5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty".parse().unwrap()),
            tao,
            alpha,
            price: Some(Rao(50_000_000)),
            transaction: None,
            operation: None,
        }
    }

    #[test]
    fn a_line_of_csv_is_exact() {
        let text = csv(&[entry(EarningsKind::Emission, 0, 310_000_001), entry(EarningsKind::Fee, -5, 0)]).unwrap();

        let hotkey = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
        let expected = [
            "time,block,kind,netuid,hotkey,tao,alpha,price_tao,value_tao,transaction,operation".to_owned(),
            format!("2026-07-25T17:20:00Z,7,emission,3,{hotkey},0,0.310000001,0.05,0.0155,,"),
            format!("2026-07-25T17:20:00Z,7,fee,3,{hotkey},-0.000000005,0,0.05,-0.000000005,,"),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_days_entries_of_a_kind_are_summed() {
        let entries =
            [entry(EarningsKind::Emission, 0, 1_000_000_000), entry(EarningsKind::Emission, 0, 2_000_000_000)];

        let rows = sums(&entries).unwrap();

        assert_eq!(rows[1], ["2026-07-25", "emission", "3", "0", "3", "0.15"]);
    }
}
