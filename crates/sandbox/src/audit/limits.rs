//! Whether any limit of token-budgets.json was ever passed, by the journal alone.

use common::config::budget::{Limit, LimitWindow, TokenBudgets};
use common::id::Ss58;
use common::money::NanoUsd;
use rusqlite::{Connection, named_params};

/// Returns the limits that were passed.
pub(super) fn problems(database: &Connection, budgets: &TokenBudgets) -> rusqlite::Result<Vec<String>> {
    let mut problems = Vec::new();
    for limit in &budgets.limits {
        let (tokens, cost) = most(database, limit)?;
        let name = &limit.name;
        if let Some(most) = limit.max_tokens
            && tokens > u128::from(most)
        {
            problems.push(format!("limit {name:?} was passed: {tokens} of {most} tokens"));
        }
        if let Some(most) = limit.max_usd
            && cost > u128::from(most.0.0)
        {
            let cost = NanoUsd(u64::try_from(cost).unwrap_or(u64::MAX));
            problems.push(format!("limit {name:?} was passed: {cost} of {}", most.0));
        }
    }
    Ok(problems)
}

/// Returns the most that was used of a limit in any of its windows. A call counts when it was reserved, with what it came to.
fn most(database: &Connection, limit: &Limit) -> rusqlite::Result<(u128, u128)> {
    let windows = match limit.window {
        LimitWindow::Minute => "ORDER BY unix_ms RANGE BETWEEN 59999 PRECEDING AND CURRENT ROW",
        LimitWindow::Day => "PARTITION BY strftime('%Y-%m-%d', unix_ms / 1000, 'unixepoch')",
        LimitWindow::Month => "PARTITION BY strftime('%Y-%m', unix_ms / 1000, 'unixepoch')",
        LimitWindow::Total => "",
    };
    let question = format!(
        "SELECT coalesce(max(window_tokens), 0), coalesce(max(window_cost), 0) FROM (
             SELECT sum(coalesce(tokens, reserved_tokens)) OVER ({windows}) AS window_tokens,
                 sum(coalesce(cost, reserved_cost)) OVER ({windows}) AS window_cost
             FROM main.journal
             WHERE (:vendor IS NULL OR vendor = :vendor) AND (:model IS NULL OR model = :model)
                 AND (:key IS NULL OR key IS NULL OR key = :key)
                 AND (:netuid IS NULL OR netuid = :netuid) AND (:validator IS NULL OR validator = :validator))"
    );
    let scope = &limit.scope;
    let values = named_params! {
        ":vendor": scope.vendor.as_ref().map(|vendor| vendor.as_str()),
        ":key": scope.key,
        ":model": scope.model.as_ref().map(|model| model.as_str()),
        ":netuid": scope.netuid.map(|netuid| netuid.0),
        ":validator": scope.validator.as_ref().map(Ss58::as_str),
    };
    let amount = |number: i64| u128::try_from(number).unwrap_or_default();
    database.query_row(&question, values, |row| Ok((amount(row.get(0)?), amount(row.get(1)?))))
}
