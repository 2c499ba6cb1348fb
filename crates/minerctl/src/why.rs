//! `minerctl why`: which requests were turned away, why, by whom, and what can be done about it.

mod fix;

use std::process::ExitCode;

use anyhow::Context;
use common::call::miner::MinerCall;
use common::call::miner::refusals::{ExplainRefusals, RefusalReport, RefusedReason, RefusedSender};
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Home, Workers};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::CommonArgs;
use crate::output::{self, printable};
use crate::status::{PATIENCE, age, thousands};
use fix::fix;

/// Senders shown of each reason.
const SENDERS: usize = 5;

/// Runs the command.
///
/// # Errors
/// If miner-daemon does not answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let home = Home::new(common.home.clone());
    let client: Client<MinerCall> = ipc::connect(&home.socket("miner-daemon"), "miner-daemon", &workers).await?;
    let report =
        client.call(ExplainRefusals {}, PATIENCE).await.context("miner-daemon does not say what it refused")?;
    if common.json {
        let reasons: Vec<_> = report
            .reasons
            .iter()
            .map(|reason| {
                json!({
                    "reason": reason.reason,
                    "count": reason.count,
                    "last_unix_ms": reason.last_unix_ms,
                    "fix": fix(reason.reason),
                    "senders": reason.senders,
                })
            })
            .collect();
        output::json(&json!({ "schema": 1, "since_unix_ms": report.since_unix_ms, "reasons": reasons }))?;
    } else {
        output::text(&render(&report, Timestamp::now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn render(report: &RefusalReport, now: Timestamp) -> String {
    let since = age(report.since_unix_ms, now);
    if report.reasons.is_empty() {
        return format!("Nothing was turned away in the {since} since miner-daemon started.\n");
    }
    let mut text = format!("Turned away in the {since} since miner-daemon started\n");
    for reason in &report.reasons {
        text.push_str(&format!(
            "\n{}: {}, the last {} ago\n",
            reason.reason.name(),
            thousands(reason.count),
            age(reason.last_unix_ms, now)
        ));
        text.push_str(&format!("  {}\n", fix(reason.reason)));
        text.push_str(&output::table(&senders(reason, now)));
    }
    text
}

fn senders(reason: &RefusedReason, now: Timestamp) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = reason.senders.iter().take(SENDERS).map(|sender| row(sender, now)).collect();
    let shown: u64 = reason.senders.iter().take(SENDERS).map(|sender| sender.count).sum();
    if reason.count > shown {
        rows.push(vec![format!("{}x", thousands(reason.count - shown)), "others".into()]);
    }
    rows
}

fn row(sender: &RefusedSender, now: Timestamp) -> Vec<String> {
    let claimed = sender.claimed.as_ref().map_or("no hotkey", |claimed| claimed.as_str());
    let netuid = sender.netuid.map_or(String::new(), |netuid| format!("netuid {netuid}"));
    vec![
        format!("{}x", thousands(sender.count)),
        claimed.to_owned(),
        sender.peer.to_string(),
        netuid,
        format!("{} ago", age(sender.last_unix_ms, now)),
        printable(&sender.told),
    ]
}

#[cfg(test)]
mod tests {
    use common::record::RefusalReason;

    use super::*;

    #[test]
    fn nothing_is_said_to_be_nothing() {
        let report = RefusalReport { since_unix_ms: 0, reasons: Vec::new() };

        assert!(
            render(&report, Timestamp::from_second(60).unwrap()).starts_with("Nothing was turned away in the 1 min")
        );
    }

    #[test]
    fn each_reason_comes_with_its_senders_and_its_fix() {
        let sender = RefusedSender {
            claimed: None,
            peer: "192.0.2.7".parse().unwrap(),
            netuid: Some(common::id::Netuid(33)),
            count: 4,
            last_unix_ms: 55_000,
            told: "Nonce is too old\u{1b}[2J".into(),
        };
        let reason =
            RefusedReason { reason: RefusalReason::Stale, count: 9, last_unix_ms: 55_000, senders: vec![sender] };

        let text =
            render(&RefusalReport { since_unix_ms: 0, reasons: vec![reason] }, Timestamp::from_second(60).unwrap());

        assert!(text.contains("\nstale: 9, the last 5 s ago\n  Compare the clocks"), "{text}");
        assert!(text.contains("4x") && text.contains("192.0.2.7") && text.contains("netuid 33"), "{text}");
        assert!(text.contains("5x") && text.contains("others") && !text.contains('\u{1b}'), "{text}");
    }
}
