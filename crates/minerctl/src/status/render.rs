//! Puts a status into words. Pure: the time comes in as an argument.

mod chain;
mod earnings;

use common::call::miner::CallerStatus;
use common::call::status::{ProcessStatus, Severity};
use common::call::task::{Availability, LimitUse, ModelState};
use common::call::wallet::{KeyPresence, WalletStatus};
use common::config::budget::LimitWindow;
use common::money::NanoUsd;
use common::record::TaskCounts;
use jiff::Timestamp;

use super::{Answer, Status};
use crate::output::{printable, table};
use crate::sandbox::{SANDBOX, SandboxProcess};

/// Validators shown; the JSON has more.
const SHOWN_CALLERS: usize = 8;

/// Returns the status as text for a terminal.
pub(super) fn render(status: &Status, now: Timestamp) -> String {
    let mut text = format!("Miner in {}\n\n", printable(&status.home));
    text.push_str(&table(&daemons(status, now)));
    if let Some(tracker) = status.tracker.running() {
        text.push_str("\nTasks\n");
        text.push_str(&table(&tasks(tracker.today, tracker.total)));
    }
    if let Some(handler) = status.task_handler.running() {
        if handler.paused {
            text.push_str("\nPAUSED: every task is declined until `minerctl resume`.\n");
        }
        text.push_str("\nBudget\n");
        text.push_str(&table(&limits(&handler.limits)));
        text.push_str("\nModels\n");
        text.push_str(&table(&handler.models.iter().map(model).collect::<Vec<_>>()));
    }
    if let Some(miner) = status.miner_daemon.running().filter(|miner| !miner.callers.is_empty()) {
        text.push_str("\nValidators lately\n");
        text.push_str(&table(&callers(&miner.callers, now)));
    }
    if let Some(chain) = status.miner_daemon.running().and_then(|miner| miner.chain.as_ref()) {
        text.push_str(&chain::render(chain));
    }
    if let Some(tracker) = status.tracker.running() {
        text.push_str(&earnings::render(&tracker.epochs, now));
    }
    if let Some(wallet) = status.wallet_manager.running() {
        text.push_str(&wallet_lines(wallet));
    }
    text.push_str(&problems(status, now));
    text
}

fn daemons(status: &Status, now: Timestamp) -> Vec<Vec<String>> {
    let miner_note = |miner: &common::call::miner::MinerStatus| {
        let listeners: Vec<String> = miner.listeners.iter().map(listener).collect();
        format!("{}, {} in work", listeners.join("; "), miner.in_flight)
    };
    let mut rows = vec![
        daemon("miner-daemon", &status.miner_daemon, |s| &s.process, miner_note, now),
        daemon("task-handler", &status.task_handler, |s| &s.process, |s| format!("{} in work", s.in_flight), now),
        daemon("tracker", &status.tracker, |s| &s.process, |_| String::new(), now),
        daemon("wallet-manager", &status.wallet_manager, |s| &s.process, |_| String::new(), now),
    ];
    rows.extend(status.sandbox.as_ref().map(sandbox));
    rows
}

fn sandbox(answer: &Answer<SandboxProcess>) -> Vec<String> {
    let name = SANDBOX.to_owned();
    match answer {
        Answer::Running(sandbox) => vec![name, "running".into(), format!("pid {}", sandbox.pid)],
        Answer::NotRunning => vec![name, "not running".into()],
        Answer::Silent { problem } => vec![name, "silent".into(), printable(problem)],
    }
}

fn daemon<T>(
    name: &str,
    answer: &Answer<T>,
    process: impl Fn(&T) -> &ProcessStatus,
    note: impl Fn(&T) -> String,
    now: Timestamp,
) -> Vec<String> {
    let name = name.to_owned();
    match answer {
        Answer::Running(status) => {
            let process = process(status);
            let since = format!("up {}", age(process.started_unix_ms, now));
            vec![name, "running".into(), format!("pid {}", process.pid), since, note(status)]
        }
        Answer::NotRunning => vec![name, "not running".into()],
        Answer::Silent { problem } => vec![name, "silent".into(), printable(problem)],
    }
}

/// The validators that came last: beside each how far its clock is off.
fn callers(callers: &[CallerStatus], now: Timestamp) -> Vec<Vec<String>> {
    let heading = ["hotkey", "requests", "last", "clock"].map(str::to_owned).to_vec();
    let row = |caller: &CallerStatus| {
        let clock = format!("{:+} ms", caller.clock_ahead_ms);
        vec![
            caller.caller.to_string(),
            thousands(caller.requests),
            format!("{} ago", age(caller.last_unix_ms, now)),
            clock,
        ]
    };
    std::iter::once(heading).chain(callers.iter().take(SHOWN_CALLERS).map(row)).collect()
}

fn listener(listener: &common::call::miner::Listener) -> String {
    let netuids: Vec<String> = listener.subnets.iter().map(|subnet| subnet.netuid.to_string()).collect();
    format!("{} for netuid {}", listener.address, netuids.join(", "))
}

fn tasks(today: TaskCounts, total: TaskCounts) -> Vec<Vec<String>> {
    let row = |name: &str, counts: TaskCounts| {
        let numbers = [counts.answered, counts.declined, counts.failed, counts.refused];
        std::iter::once(name.to_owned()).chain(numbers.map(thousands)).collect()
    };
    let heading = ["", "answered", "declined", "failed", "refused"].map(str::to_owned).to_vec();
    vec![heading, row("today (UTC)", today), row("total", total)]
}

/// Returns the rows of the budget table.
pub(crate) fn limits(limits: &[LimitUse]) -> Vec<Vec<String>> {
    let heading = ["limit", "window", "tokens", "US dollars", "reserved tokens"].map(str::to_owned).to_vec();
    std::iter::once(heading).chain(limits.iter().map(limit)).collect()
}

fn limit(limit: &LimitUse) -> Vec<String> {
    let window = match limit.window {
        LimitWindow::Minute => "minute",
        LimitWindow::Day => "day",
        LimitWindow::Month => "month",
        LimitWindow::Total => "total",
    };
    let tokens = share(limit.settled.tokens, limit.max_tokens, thousands);
    let cost = share(limit.settled.cost.0, limit.max_cost.map(|cost| cost.0), |nano| money(NanoUsd(nano)));
    let reserved = if limit.reserved.tokens == 0 { "-".into() } else { thousands(limit.reserved.tokens) };
    vec![printable(&limit.name), window.into(), tokens, cost, reserved]
}

fn share(used: u64, limit: Option<u64>, show: impl Fn(u64) -> String) -> String {
    match limit {
        Some(0) => format!("{} of {}", show(used), show(0)),
        Some(limit) => {
            let tenths = u128::from(used) * 1000 / u128::from(limit);
            format!("{} of {} ({}.{} %)", show(used), show(limit), tenths / 10, tenths % 10)
        }
        None => show(used),
    }
}

fn model(state: &ModelState) -> Vec<String> {
    let vendor = state.vendor.as_ref().map_or("?", |vendor| vendor.as_str());
    let availability = match &state.availability {
        Availability::Ready => "ready".into(),
        Availability::Benched { remaining_ms } => format!("benched for {} s", remaining_ms.div_ceil(1000)),
        Availability::Unusable { problem } => format!("unusable: {}", printable(problem)),
    };
    vec![printable(&format!("{vendor}/{}", state.model)), availability]
}

fn wallet_lines(wallet: &WalletStatus) -> String {
    let address = |address: &Option<common::id::Ss58>| address.as_ref().map_or("unknown".into(), ToString::to_string);
    let presence = |presence: KeyPresence| match presence {
        KeyPresence::Absent => "not on this host",
        KeyPresence::Plain => "on this host",
        KeyPresence::Encrypted => "on this host, encrypted",
        KeyPresence::Unreadable => "unreadable",
    };
    let mut text = format!("\nWallet {}\n", printable(&wallet.name));
    text.push_str(&table(&[
        vec!["coldkey".into(), address(&wallet.coldkey), presence(wallet.coldkey_file).into()],
        vec![
            format!("hotkey {}", printable(&wallet.hotkey_name)),
            address(&wallet.hotkey),
            presence(wallet.hotkey_file).into(),
        ],
    ]));
    for finding in &wallet.findings {
        let [path, problem, fix] = [&finding.path, &finding.problem, &finding.fix].map(|part| printable(part));
        text.push_str(&format!("  {path}: {problem}\n    fix: {fix}\n"));
    }
    text
}

fn problems(status: &Status, now: Timestamp) -> String {
    let processes = [
        status.miner_daemon.running().map(|s| &s.process),
        status.task_handler.running().map(|s| &s.process),
        status.tracker.running().map(|s| &s.process),
        status.wallet_manager.running().map(|s| &s.process),
    ];
    let mut newest: Vec<_> = processes
        .into_iter()
        .flatten()
        .flat_map(|process| process.problems.iter().map(move |problem| (process, problem)))
        .collect();
    newest.sort_by_key(|(_, problem)| std::cmp::Reverse(problem.unix_ms));
    newest.truncate(MAX_PROBLEMS);
    if newest.is_empty() {
        return String::new();
    }
    let mut rows = Vec::new();
    for (process, problem) in newest {
        let severity = match problem.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let when = format!("{} ago", age(problem.unix_ms, now));
        rows.push(vec![when, process.service.clone(), severity.into(), printable(&problem.message)]);
    }
    format!("\nLast problems\n{}", table(&rows))
}

/// How many problems are shown; `minerctl logs` has the rest.
const MAX_PROBLEMS: usize = 8;

/// Returns how long ago something was, in its two largest units.
pub(crate) fn age(unix_ms: u64, now: Timestamp) -> String {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let seconds = now_ms.saturating_sub(unix_ms) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, _) => format!("{hours} h {} min", minutes % 60),
        (days, ..) => format!("{days} d {} h", hours % 24),
    }
}

/// Returns a number with its digits in groups of three.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns dollars to a hundredth of a cent, rounded up so that nothing spent shows as nothing; whole cents stay short.
fn money(amount: NanoUsd) -> String {
    let units = amount.0.div_ceil(100_000);
    let (dollars, fraction) = (units / 10_000, units % 10_000);
    if fraction.is_multiple_of(100) {
        format!("{dollars}.{:02}", fraction / 100)
    } else {
        format!("{dollars}.{fraction:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn ages_have_two_units() {
        let now = Timestamp::from_second(200_000).unwrap();

        let ages = [199_995_000, 199_000_000, 100_000_000, 0].map(|ms| age(ms, now));

        assert_eq!(ages, ["5 s", "16 min 40 s", "1 d 3 h", "2 d 7 h"]);
    }

    #[test]
    fn the_smallest_amount_is_not_nothing() {
        assert_eq!(money(NanoUsd(1)), "0.0001");
        assert_eq!(money(NanoUsd(2_500_000_000)), "2.50");
    }

    fn stopped() -> Status {
        Status {
            schema: 1,
            home: "/home/miner".into(),
            all_running: false,
            miner_daemon: Answer::NotRunning,
            task_handler: Answer::NotRunning,
            tracker: Answer::Silent { problem: "timeout: no reply".into() },
            wallet_manager: Answer::NotRunning,
            sandbox: None,
        }
    }

    #[test]
    fn a_validators_clock_is_shown_with_its_sign() {
        let caller = CallerStatus {
            caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
            requests: 1200,
            clock_ahead_ms: 38,
            last_unix_ms: 5000,
        };

        let rows = callers(&[caller], Timestamp::from_second(9).unwrap());

        assert_eq!(rows[1][1..], ["1,200", "4 s ago", "+38 ms"]);
    }

    #[test]
    fn a_sandbox_has_its_own_line() {
        let status = Status { sandbox: Some(Answer::Running(SandboxProcess { pid: 17 })), ..stopped() };

        let text = render(&status, Timestamp::UNIX_EPOCH);

        assert!(text.ends_with("\n  sandbox         running      pid 17\n"), "{text}");
    }

    #[test]
    fn a_stopped_miner_is_shown_as_such() {
        let text = render(&stopped(), Timestamp::UNIX_EPOCH);

        let expected = "Miner in /home/miner\n\n  miner-daemon    not running\n  task-handler    not running\n  \
                        tracker         silent       timeout: no reply\n  wallet-manager  not running\n";
        assert_eq!(text, expected);
    }
}
