//! The ledger against the vendor's bills: nothing is booked that was not billed, nothing billed that is not booked.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::vendor::bills::Bill;

/// What the ledger has of one call to the simulated vendor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Settled {
    /// The model.
    pub(super) model: String,
    /// What was booked.
    pub(super) tokens: u64,
    /// Whether that is the worst case, because nobody heard what the vendor billed.
    pub(super) estimated: bool,
}

/// Reads the settled calls.
pub(super) fn settled(database: &Connection) -> rusqlite::Result<Vec<Settled>> {
    let mut calls = database.prepare(
        "SELECT model, tokens, estimated FROM main.journal WHERE settled_unix_ms IS NOT NULL AND vendor = 'sandbox'",
    )?;
    let settled = |row: &rusqlite::Row<'_>| {
        let tokens = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
        Ok(Settled { model: row.get(0)?, tokens, estimated: row.get(2)? })
    };
    calls.query_map([], settled)?.collect()
}

/// Returns what does not fit, by model.
pub(super) fn problems(billed: &[Bill], settled: &[Settled]) -> Vec<String> {
    let mut open: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for bill in billed {
        *open.entry((&bill.model, bill.tokens)).or_default() += 1;
    }
    let mut without_bill = 0_u64;
    for call in settled.iter().filter(|call| !call.estimated && call.tokens > 0) {
        match open.get_mut(&(call.model.as_str(), call.tokens)) {
            Some(left @ 1..) => *left -= 1,
            Some(0) | None => without_bill += 1,
        }
    }
    let mut problems = Vec::new();
    if without_bill > 0 {
        problems.push(format!("{without_bill} settled calls have no bill of the vendor"));
    }
    // What is left was billed, but the miner did not hear of it: then it must have booked the worst case.
    let mut unheard: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for ((model, tokens), left) in open.into_iter().filter(|(_, left)| *left > 0) {
        let (calls, sum) = unheard.entry(model).or_default();
        *calls += left;
        *sum += tokens * left;
    }
    for (model, (calls, tokens)) in unheard {
        let estimates = settled.iter().filter(|call| call.estimated && call.model == model);
        let (estimated_calls, estimated) = estimates.fold((0, 0), |(calls, sum), call| (calls + 1, sum + call.tokens));
        if calls > estimated_calls || tokens > estimated {
            problems.push(format!(
                "the vendor bills {calls} calls of {model} with {tokens} tokens that the ledger does not know, and \
                 {estimated_calls} with {estimated} tokens are booked at their worst case"
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(tokens: u64) -> Bill {
        Bill { model: "m".into(), tokens }
    }

    fn settled(tokens: u64, estimated: bool) -> Settled {
        Settled { model: "m".into(), tokens, estimated }
    }

    #[test]
    fn every_call_has_its_bill() {
        let calls = [settled(5, false), settled(5, false), settled(7, false), settled(0, false)];

        assert!(problems(&[bill(7), bill(5), bill(5)], &calls).is_empty());
        assert_eq!(problems(&[bill(7), bill(5)], &calls), ["1 settled calls have no bill of the vendor"]);
    }

    #[test]
    fn what_nobody_heard_of_must_be_booked_at_its_worst_case() {
        let unheard = [bill(5), bill(9)];

        assert!(problems(&unheard, &[settled(5, false), settled(100, true)]).is_empty());
        assert_eq!(problems(&unheard, &[settled(5, false)]).len(), 1);
        assert_eq!(problems(&unheard, &[settled(5, false), settled(8, true)]).len(), 1);
    }
}
