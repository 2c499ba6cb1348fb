//! `minerctl budget`: each limit, what is used of it and what it blocked; and what the operator has to tell the ledger.

mod render;

use std::process::ExitCode;

use common::call::task::{BudgetQuery, BudgetReport, ConfirmClock, Earnings, ReportEarnings, SubnetEarnings, TaskCall};
use common::id::Netuid;
use common::money::{Rao, Usd};
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Home, Workers};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::cli::{CommonArgs, EarnedArgs, WriteArgs};
use crate::confirm::{Consent, confirm};
use crate::output;
use crate::status::PATIENCE;

const DAY_S: u64 = 86_400;

/// The same as in `state/token-usage.json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    /// The format of this object: 1.
    schema: u32,
    #[serde(flatten)]
    report: &'a BudgetReport,
}

/// Shows the budget.
///
/// # Errors
/// If task-handler does not answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let report = connect(common, &workers).await?.call(BudgetQuery {}, PATIENCE).await?;
    if common.json {
        output::json(&Shown { schema: 1, report: &report })?;
    } else {
        output::text(&render::render(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that the clock is right.
///
/// # Errors
/// As [`run`].
pub(crate) async fn confirm_clock(common: &CommonArgs, args: &WriteArgs) -> anyhow::Result<ExitCode> {
    let effect =
        format!("it is {} now, and spending goes on if it stopped because the clock has jumped", Timestamp::now());
    if let Some(code) = refused(args, &effect)? {
        return Ok(code);
    }
    let workers = Workers::new();
    let report = connect(common, &workers).await?.call(ConfirmClock {}, PATIENCE).await?;
    output::done(common.json, &json!({ "schema": 1, "clock_jump": report.clock_jump }), "The clock is believed.\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Tells what was earned.
///
/// # Errors
/// As [`run`].
pub(crate) async fn earnings(common: &CommonArgs, args: &EarnedArgs) -> anyhow::Result<ExitCode> {
    let now_ms = u64::try_from(Timestamp::now().as_millisecond())?;
    let earnings = Earnings {
        as_of_unix_ms: now_ms,
        window_s: args.days * DAY_S,
        usd_per_tao: args.usd_per_tao.0,
        subnets: args.earned.clone(),
    };
    let effect = format!("what {} subnets brought in {} days counts from now on", earnings.subnets.len(), args.days);
    if let Some(code) = refused(&args.write, &effect)? {
        return Ok(code);
    }
    let workers = Workers::new();
    let noted = connect(common, &workers).await?.call(ReportEarnings { earnings }, PATIENCE).await?;
    let words = if noted.is_newest { "Noted.\n" } else { "Not noted: there is a report of a later time.\n" };
    output::done(common.json, &json!({ "schema": 1, "is_newest": noted.is_newest }), words)?;
    Ok(if noted.is_newest { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads `18=1.5`.
pub(crate) fn subnet(text: &str) -> Result<SubnetEarnings, String> {
    let shape = || "a netuid, = and an amount of TAO are expected, such as 18=1.5".to_owned();
    let (netuid, tao) = text.split_once('=').ok_or_else(shape)?;
    let netuid = Netuid(netuid.parse().map_err(|_| shape())?);
    // Digits with at most nine decimals, as dollars have them.
    let Usd(nano) = tao.parse().map_err(|_| shape())?;
    Ok(SubnetEarnings { netuid, earned: Rao(nano.0) })
}

/// Returns the exit code unless the operator wants it to be done.
fn refused(args: &WriteArgs, effect: &str) -> std::io::Result<Option<ExitCode>> {
    Ok(match confirm(args, effect)? {
        Consent::Given => None,
        Consent::DryRun => Some(ExitCode::SUCCESS),
        Consent::Refused => Some(ExitCode::FAILURE),
    })
}

async fn connect(common: &CommonArgs, workers: &Workers) -> anyhow::Result<Client<TaskCall>> {
    let home = Home::new(common.home.clone());
    Ok(ipc::connect(&home.socket("task-handler"), "task-handler", workers).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_subnet_brought_is_read_to_the_rao() {
        let earned = SubnetEarnings { netuid: Netuid(18), earned: Rao(1_500_000_001) };

        assert_eq!(subnet("18=1.500000001"), Ok(earned));
        for text in ["", "18", "18=", "=1", "18=-1", "18=1.0000000001", "65536=1"] {
            assert!(subnet(text).is_err(), "{text}");
        }
    }
}
