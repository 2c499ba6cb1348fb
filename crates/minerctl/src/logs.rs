//! `minerctl logs`: the daemons' logs merged in the order of time, of one task if wished.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use common::id::TaskId;
use daemon_kit::Home;
use serde_json::{Map, Value};

use crate::cli::{CommonArgs, LogsArgs};
use crate::output;

/// Runs the command.
///
/// # Errors
/// If the logs cannot be read or the output cannot be written.
pub(crate) fn run(common: &CommonArgs, args: &LogsArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let dir = home.logs_dir();
    anyhow::ensure!(
        dir.is_dir(),
        "there are no logs in {}: nothing was ever started in this home, or another --home is meant",
        dir.display()
    );
    let lines = merged(&dir, args.task).with_context(|| format!("the logs in {} cannot be read", dir.display()))?;
    let lines = newest(lines, args.lines);
    let text: String = if common.json {
        lines.iter().map(|line| format!("{}\n", Value::Object(line.clone()))).collect()
    } else {
        lines.iter().map(|line| format!("{}\n", sentence(line))).collect()
    };
    output::text(&text)?;
    if lines.is_empty() {
        output::note("nothing in the logs");
    }
    Ok(ExitCode::SUCCESS)
}

type Line = Map<String, Value>;

fn newest(mut lines: Vec<Line>, count: usize) -> Vec<Line> {
    lines.split_off(lines.len().saturating_sub(count))
}

/// Reads all log files, old ones too, and sorts their lines by time.
fn merged(dir: &Path, task: Option<TaskId>) -> std::io::Result<Vec<Line>> {
    let wanted = task.map(|task| task.to_string());
    // Lines of the same instant keep the order they have in their file.
    let mut sorted: BTreeMap<(String, usize), Line> = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let Some((service, _)) = path.file_name().and_then(|name| name.to_str()?.split_once(".log")) else {
            continue;
        };
        for text in BufReader::new(fs::File::open(&path)?).split(b'\n') {
            let text = text?;
            let text = String::from_utf8_lossy(&text);
            if wanted.as_ref().is_some_and(|task| !text.contains(task)) {
                continue;
            }
            // A line cut off by a crash is no reason to hide the others.
            let Ok(mut line) = serde_json::from_str::<Line>(&text) else { continue };
            line.insert("daemon".into(), service.into());
            let time = line.get("timestamp").and_then(Value::as_str).unwrap_or_default().to_owned();
            sorted.insert((time, sorted.len()), line);
        }
    }
    Ok(sorted.into_values().collect())
}

/// What stands at the start of a sentence, or says nothing to people.
const SHOWN_BEFORE: [&str; 8] = ["timestamp", "daemon", "level", "message", "name", "target", "span", "spans"];

/// Writes a line for people: time, service, level, message, fields.
fn sentence(line: &Line) -> String {
    let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut sentence = format!("{} {:14} {:5}", text("timestamp"), text("daemon"), text("level"));
    sentence.push_str(&format!(" {}", text("message")));
    let spans = line.get("spans").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    for (key, value) in spans.chain([line]).flatten() {
        if !SHOWN_BEFORE.contains(&key.as_str()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            sentence.push_str(&format!(" {key}={value}"));
        }
    }
    output::printable(&sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"timestamp":"2026-01-01T00:00:01Z","level":"INFO","message":"Started"}"#;
    const SECOND: &str = r#"{"timestamp":"2026-01-01T00:00:02Z","level":"WARN","message":"Benched model","failures":3,"spans":[{"name":"task","task":"018f0000-0000-7000-8000-000000000000"}]}"#;

    fn logs() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tracker.log"), format!("{SECOND}\nhalf a li")).unwrap();
        fs::write(dir.path().join("miner-daemon.log.1"), format!("{FIRST}\n")).unwrap();
        fs::write(dir.path().join("other.txt"), "not a log").unwrap();
        dir
    }

    #[test]
    fn lines_of_all_daemons_are_sorted_by_time() {
        let dir = logs();

        let lines = merged(dir.path(), None).unwrap();

        let services: Vec<_> = lines.iter().map(|line| line["daemon"].as_str().unwrap()).collect();
        assert_eq!(services, ["miner-daemon", "tracker"]);
    }

    #[test]
    fn one_task_can_be_followed() {
        let dir = logs();
        let task = "018f0000-0000-7000-8000-000000000000".parse().unwrap();

        let lines = merged(dir.path(), Some(task)).unwrap();

        assert_eq!(lines.len(), 1);
        assert_eq!(
            sentence(&lines[0]),
            "2026-01-01T00:00:02Z tracker        WARN  Benched model task=018f0000-0000-7000-8000-000000000000 failures=3"
        );
    }

    #[test]
    fn only_the_newest_lines_are_kept() {
        let dir = logs();

        let lines = newest(merged(dir.path(), None).unwrap(), 1);

        assert_eq!(lines[0]["daemon"], "tracker");
    }
}
