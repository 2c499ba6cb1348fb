//! `minerctl events`: how alerts began and ended.

use std::process::ExitCode;
use std::time::Duration;

use common::alert::{AlertEvent, sentence};
use common::call::tracker::{ListEvents, TrackerCall};
use daemon_kit::ipc::Client;
use daemon_kit::{Home, Workers, ipc};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{CommonArgs, EventsArgs};
use crate::{output, status};

/// How often tracker is asked for more.
const PAUSE: Duration = Duration::from_secs(1);
/// How long to wait for a tracker that is being restarted.
const AWAY: Duration = Duration::from_secs(3);
/// Events of one call.
const PAGE: u16 = 1_000;

/// Runs the command.
///
/// # Errors
/// If tracker does not answer, or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, args: &EventsArgs) -> anyhow::Result<ExitCode> {
    let (home, workers) = (Home::new(common.home.clone()), Workers::new());
    let socket = home.socket("tracker");
    let mut client = ipc::connect(&socket, "tracker", &workers).await?;
    let mut after = args.after;
    let mut shown = Vec::new();
    loop {
        match page(&client, after).await {
            Ok(events) => {
                let last = events.last().map_or(after, |event| event.sequence);
                let is_all = last == after;
                after = last;
                if args.follow {
                    events.iter().try_for_each(|event| follow(common.json, event))?;
                } else {
                    shown.extend(events);
                }
                match (is_all, args.follow) {
                    (false, _) => {}
                    (true, false) => break,
                    (true, true) => tokio::time::sleep(PAUSE).await,
                }
            }
            Err(error) if !args.follow => return Err(error),
            Err(error) => {
                output::note(&format!("{error:#}: trying again"));
                tokio::time::sleep(AWAY).await;
                if let Ok(again) = ipc::connect(&socket, "tracker", &workers).await {
                    client = again;
                }
            }
        }
    }
    let skipped = shown.len().saturating_sub(args.lines);
    let newest = shown.get(skipped..).unwrap_or_default();
    if common.json {
        output::json(&json!({ "schema": 1, "events": newest }))?;
    } else {
        output::text(&newest.iter().map(line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn page(client: &Client<TrackerCall>, after: u64) -> anyhow::Result<Vec<AlertEvent>> {
    Ok(client.call(ListEvents { after, limit: PAGE }, status::PATIENCE).await?.events)
}

/// One line for each event, also as JSON: whoever follows reads line by line.
fn follow(as_json: bool, event: &AlertEvent) -> anyhow::Result<()> {
    let text = if as_json { format!("{}\n", serde_json::to_string(event)?) } else { line(event) };
    Ok(output::text(&text)?)
}

fn line(event: &AlertEvent) -> String {
    let time = i64::try_from(event.unix_ms).ok().and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok());
    let time = time.map_or_else(|| "at an unknown time".to_owned(), |time| format!("{time:.0}"));
    let text = sentence(event.change, &event.condition);
    let first = text.lines().next().unwrap_or_default();
    format!("{:>6}  {time}  {}\n", event.sequence, output::printable(first))
}

#[cfg(test)]
mod tests {
    use common::alert::{AlertChange, AlertSeverity, Condition, ConditionKind};

    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let (kind, subject) = (ConditionKind::DaemonDown, "tracker".to_owned());
        let condition = Condition { kind, subject, severity: AlertSeverity::Critical, detail: "gone".into() };
        let (unix_ms, reporter) = (1_790_000_000_000, "tracker".to_owned());
        let event = AlertEvent { sequence: 7, unix_ms, change: AlertChange::Raised, condition, reporter };

        assert_eq!(line(&event), "     7  2026-09-21T14:13:20Z  🔴 tracker is down: gone\n");
    }
}
