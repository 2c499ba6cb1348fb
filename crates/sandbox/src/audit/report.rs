//! What an audit comes to, for people and for programs.

use std::fmt;

use common::money::NanoUsd;
use rusqlite::Connection;
use serde::Serialize;

use crate::watch::Summary;

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The format of this object: 1.
    pub schema: u32,
    /// Whether there is no problem.
    pub exact: bool,
    /// Everything that does not fit.
    pub problems: Vec<String>,
    /// What was called and ended.
    pub calls: Calls,
    /// Whether the ledger was held against the vendor's bills; not after so many that old ones were dropped.
    pub bills_compared: bool,
    /// What the validators got.
    pub validators: Summary,
    /// The share of tasks asked that were answered with status 200, from 0 to 1.
    pub answered_share: f64,
}

/// What the books hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Calls {
    /// Vendor calls that are settled.
    pub settled: i64,
    /// Those booked at their worst case.
    pub estimated: i64,
    /// Tokens of all.
    pub tokens: i64,
    /// Money of all, in 1e-9 USD.
    pub cost_nano_usd: i64,
    /// Tasks that ended.
    pub deliveries: i64,
}

impl Calls {
    /// Reads them.
    pub(super) fn read(database: &Connection) -> rusqlite::Result<Self> {
        database.query_row(
            "SELECT count(*), coalesce(sum(estimated), 0), coalesce(sum(tokens), 0), coalesce(sum(cost), 0),
                 (SELECT count(*) FROM tracker.deliveries)
             FROM main.journal WHERE settled_unix_ms IS NOT NULL",
            [],
            |row| {
                Ok(Self {
                    settled: row.get(0)?,
                    estimated: row.get(1)?,
                    tokens: row.get(2)?,
                    cost_nano_usd: row.get(3)?,
                    deliveries: row.get(4)?,
                })
            },
        )
    }
}

impl Report {
    pub(super) fn new(problems: Vec<String>, calls: Calls, bills_compared: bool, validators: Summary) -> Self {
        let answered_share = validators.answered as f64 / validators.asked.max(1) as f64;
        Self { schema: 1, exact: problems.is_empty(), problems, calls, bills_compared, validators, answered_share }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Calls { settled, estimated, tokens, cost_nano_usd, deliveries } = self.calls;
        let cost = NanoUsd(u64::try_from(cost_nano_usd).unwrap_or_default());
        writeln!(f, "ledger        {settled} vendor calls, {tokens} tokens, {cost}; {estimated} at their worst case")?;
        writeln!(f, "tracker       {deliveries} tasks ended")?;
        let bills = if self.bills_compared { "compared" } else { "not compared: there were more than are kept" };
        writeln!(f, "vendor bills  {bills}")?;
        writeln!(f, "validators    {}", self.validators)?;
        let (honest, answered) = (self.validators.availability * 100.0, self.answered_share * 100.0);
        writeln!(f, "availability  {honest:.1} % got an honest reply, {answered:.1} % an answer with status 200")?;
        for problem in &self.problems {
            writeln!(f, "PROBLEM       {problem}")?;
        }
        writeln!(f, "{}", if self.exact { "the books are exact" } else { "the books are NOT exact" })
    }
}
