//! `minerctl heartbeat`: one short message for an agent, or its word for silence.

use std::process::ExitCode;

use common::alert::{Alert, AlertChange, AlertSeverity, sentence};
use common::call::tracker::ListAlerts;
use daemon_kit::{Home, Workers};
use serde_json::json;

use crate::cli::CommonArgs;
use crate::output;
use crate::status::{Answer, PATIENCE, Status, ask, gather};

/// What OpenClaw takes for "nothing to say".
const SILENCE: &str = "NO_REPLY";
/// The longest message, in bytes.
const LONGEST: usize = 500;

/// Something is wrong, though everything runs.
const ALERTED: u8 = 4;
/// Not everything runs.
const NOT_RUNNING: u8 = 3;

/// Runs the command.
///
/// # Errors
/// If the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let (home, workers) = (Home::new(common.home.clone()), Workers::new());
    let status = gather(&home, &workers).await;
    let alerts = match ask(&home, &workers, "tracker", "tracker", ListAlerts {}, PATIENCE).await {
        Answer::Running(list) => list.alerts,
        Answer::NotRunning | Answer::Silent { .. } => Vec::new(),
    };
    let verdict = Verdict::of(&status, &alerts);
    if common.json {
        let Verdict { code, message } = &verdict;
        output::json(
            &json!({ "schema": 1, "well": *code == 0, "exit_code": code, "message": message, "alerts": alerts }),
        )?;
    } else {
        output::text(&format!("{}\n", verdict.message.as_deref().unwrap_or(SILENCE)))?;
    }
    Ok(verdict.code.into())
}

/// What there is to say, and the exit code that goes with it.
#[derive(Debug, Eq, PartialEq)]
struct Verdict {
    code: u8,
    message: Option<String>,
}

impl Verdict {
    fn of(status: &Status, alerts: &[Alert]) -> Self {
        let silent = silent(status);
        let told = alerts.iter().map(|alert| &alert.condition).filter(|told| told.severity >= AlertSeverity::Warning);
        let mut lines: Vec<String> = Vec::new();
        if !silent.is_empty() {
            lines.push(format!("🔴 not answering: {}\n→ minerctl status, minerctl up", silent.join(", ")));
        }
        lines.extend(told.map(|condition| sentence(AlertChange::Raised, condition)));
        let code = match (silent.is_empty(), lines.is_empty()) {
            (false, _) => NOT_RUNNING,
            (true, false) => ALERTED,
            (true, true) => 0,
        };
        Self { code, message: (!lines.is_empty()).then(|| within(&lines)) }
    }
}

fn silent(status: &Status) -> Vec<&'static str> {
    [
        ("miner-daemon", status.miner_daemon.running().is_some()),
        ("task-handler", status.task_handler.running().is_some()),
        ("tracker", status.tracker.running().is_some()),
        ("wallet-manager", status.wallet_manager.running().is_some()),
    ]
    .into_iter()
    .filter(|(_, runs)| !runs)
    .map(|(name, _)| name)
    .collect()
}

/// Joins as many lines as fit, and says how many do not.
fn within(lines: &[String]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let rest = format!("\n… and {} more: minerctl events", lines.len() - index);
        if text.len() + line.len() + rest.len() > LONGEST && !text.is_empty() {
            text.push_str(&rest);
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use common::alert::{Condition, ConditionKind};

    use super::*;

    fn stopped() -> Status {
        Status {
            schema: 1,
            home: "/srv/miner".into(),
            all_running: false,
            miner_daemon: Answer::NotRunning,
            task_handler: Answer::NotRunning,
            tracker: Answer::NotRunning,
            wallet_manager: Answer::NotRunning,
            sandbox: None,
        }
    }

    fn alert(subject: &str, severity: AlertSeverity) -> Alert {
        let (kind, detail) = (ConditionKind::Budget, "95 % of $2.00 used".to_owned());
        let condition = Condition { kind, subject: subject.into(), severity, detail };
        Alert { condition, reporter: "task-handler".into(), since_unix_ms: 0 }
    }

    #[test]
    fn daemons_that_do_not_answer_come_first() {
        let verdict = Verdict::of(&stopped(), &[alert("daily", AlertSeverity::Warning)]);

        assert_eq!(verdict.code, NOT_RUNNING);
        assert_eq!(
            verdict.message.unwrap(),
            "🔴 not answering: miner-daemon, task-handler, tracker, wallet-manager\n→ minerctl status, minerctl up\n\
             🟡 budget daily: 95 % of $2.00 used\n→ minerctl budget"
        );
    }

    #[test]
    fn a_message_is_short_however_much_is_wrong() {
        let alerts: Vec<_> =
            (0..100).map(|number| alert(&format!("limit-{number}"), AlertSeverity::Critical)).collect();

        let message = Verdict::of(&stopped(), &alerts).message.unwrap();

        assert!(message.len() <= LONGEST, "{}", message.len());
        assert!(message.ends_with("more: minerctl events"), "{message}");
    }

    #[test]
    fn a_notice_is_no_reason_to_speak() {
        let verdict = Verdict::of(&stopped(), &[alert("daily", AlertSeverity::Notice)]);

        assert!(!verdict.message.unwrap().contains("budget"));
    }
}
