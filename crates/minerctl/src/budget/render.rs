//! Puts the budget into words. Pure.

use common::call::task::{Blocked, BudgetReport, Earnings, Lifted, LimitState};
use common::money::NanoUsd;
use jiff::Timestamp;

use crate::output::{printable, table};
use crate::status::{age, limits, thousands};

/// How many of those that were blocked are shown; `--json` has the rest.
const SHOWN: usize = 10;

/// Returns the budget as text for a terminal.
pub(super) fn render(report: &BudgetReport) -> String {
    let mut text = String::new();
    if let Some(jump) = report.clock_jump {
        text.push_str(&format!(
            "NOTHING IS SPENT: the clock has jumped by {} s. Set it right, or say that it is: `minerctl budget confirm-clock`.\n\n",
            jump.by_ms / 1000
        ));
    }
    text.push_str(&table(&rows(report)));
    let open = report.open;
    if open.calls > 0 {
        let tokens = thousands(open.reserved.tokens);
        text.push_str(&format!("\n{} calls are open, {tokens} tokens are reserved for them\n", open.calls));
    }
    if !report.blocked.is_empty() {
        text.push_str("\nBlocked since the start\n");
        text.push_str(&table(
            &report.blocked.iter().take(SHOWN).map(|blocked| row(blocked, report.unix_ms)).collect::<Vec<_>>(),
        ));
    }
    if let Some(earnings) = &report.earnings {
        text.push_str(&earned(earnings, report.unix_ms));
    }
    if !report.lifted.is_empty() {
        text.push_str("\nUsed more than was reserved, and have more reserved since\n");
        text.push_str(&table(&report.lifted.iter().map(lifted).collect::<Vec<_>>()));
    }
    text
}

/// The table of the status, and what only this command shows.
fn rows(report: &BudgetReport) -> Vec<Vec<String>> {
    let usage: Vec<_> = report.limits.iter().map(|state| state.usage.clone()).collect();
    let more = |state: &LimitState| {
        let reached = state.reached_unix_ms.map(|reached| match between(report.unix_ms, reached) {
            _ if reached <= report.unix_ms => "now".to_owned(),
            wait => format!("in {wait}"),
        });
        [reached.unwrap_or_else(|| "-".into()), thousands(state.blocked)]
    };
    let added = std::iter::once(["used up", "blocked"].map(str::to_owned)).chain(report.limits.iter().map(more));
    limits(&usage).into_iter().zip(added).map(|(row, added)| row.into_iter().chain(added).collect()).collect()
}

fn row(blocked: &Blocked, now_ms: u64) -> Vec<String> {
    vec![
        printable(&blocked.limit),
        format!("netuid {}", blocked.netuid),
        blocked.validator.to_string(),
        format!("{} calls", thousands(blocked.calls)),
        format!("the last {} ago", between(blocked.last_unix_ms, now_ms)),
    ]
}

fn earned(earnings: &Earnings, now_ms: u64) -> String {
    let rao: u128 = earnings.subnets.iter().map(|subnet| u128::from(subnet.earned.0)).sum();
    let usd = NanoUsd(u64::try_from(rao * u128::from(earnings.usd_per_tao.0) / 1_000_000_000).unwrap_or(u64::MAX));
    format!(
        "\nEarned {}.{:09} TAO ({usd}) in {} h, reported {} ago\n",
        rao / 1_000_000_000,
        rao % 1_000_000_000,
        earnings.window_s / 3600,
        between(earnings.as_of_unix_ms, now_ms)
    )
}

fn lifted(lifted: &Lifted) -> Vec<String> {
    let times = |permille: u32| format!("{}.{:03}", permille / 1000, permille % 1000);
    vec![
        printable(&format!("{}/{}", lifted.vendor, lifted.model)),
        format!("prompt times {}", times(lifted.lift.input_permille)),
        format!("answer times {}", times(lifted.lift.output_permille)),
    ]
}

/// The time from one moment to another, in its two largest units.
fn between(from_ms: u64, to_ms: u64) -> String {
    let to = i64::try_from(to_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    age(from_ms, to.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use common::call::task::{Amount, ClockJump, Lift, LimitUse, OpenCalls, SubnetEarnings};
    use common::config::budget::{LimitScope, LimitWindow};
    use common::id::Netuid;
    use common::money::Rao;

    use super::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn everything_that_is_known_is_shown() {
        let text = render(&report());

        let expected = "\
NOTHING IS SPENT: the clock has jumped by -3600 s. Set it right, or say that it is: `minerctl budget confirm-clock`.

  limit  window  tokens                US dollars  reserved tokens  used up         blocked
  day    day     200 of 1,000 (20.0 %)  0.00        50               in 2 h 30 min   3

1 calls are open, 50 tokens are reserved for them

Blocked since the start
  day  netuid 18  5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY  3 calls  the last 1 h 0 min ago

Earned 1.500000000 TAO (600.00 USD) in 24 h, reported 2 h 0 min ago

Used more than was reserved, and have more reserved since
  llama/smollm2  prompt times 1.000  answer times 1.610
";
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&text), squeezed(expected));
    }

    #[test]
    fn what_is_not_there_is_not_shown() {
        let text = render(&BudgetReport {
            clock_jump: None,
            open: OpenCalls::default(),
            blocked: Vec::new(),
            earnings: None,
            lifted: Vec::new(),
            ..report()
        });

        assert_eq!(text.lines().count(), 2, "{text}");
    }

    fn report() -> BudgetReport {
        let usage = LimitUse {
            name: "day".into(),
            scope: LimitScope::default(),
            window: LimitWindow::Day,
            settled: Amount { tokens: 200, cost: NanoUsd(0) },
            reserved: Amount { tokens: 50, cost: NanoUsd(0) },
            max_tokens: Some(1_000),
            max_cost: None,
        };
        let now = 100 * HOUR;
        BudgetReport {
            unix_ms: now,
            limits: vec![LimitState { usage, reached_unix_ms: Some(now + 5 * HOUR / 2), blocked: 3 }],
            open: OpenCalls { calls: 1, reserved: Amount { tokens: 50, cost: NanoUsd(0) } },
            blocked: vec![Blocked {
                limit: "day".into(),
                netuid: Netuid(18),
                validator: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
                calls: 3,
                last_unix_ms: now - HOUR,
            }],
            blocked_others: 0,
            clock_jump: Some(ClockJump { by_ms: -3_600_000 }),
            earnings: Some(Earnings {
                as_of_unix_ms: now - 2 * HOUR,
                window_s: 86_400,
                usd_per_tao: NanoUsd(400_000_000_000),
                subnets: vec![SubnetEarnings { netuid: Netuid(18), earned: Rao(1_500_000_000) }],
            }),
            lifted: vec![Lifted {
                vendor: "llama".into(),
                model: "smollm2".into(),
                lift: Lift { input_permille: 1_000, output_permille: 1_610 },
            }],
        }
    }
}
