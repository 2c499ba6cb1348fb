//! Shows judged tasks as they come, and what they come to.

mod summary;
mod tail;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use daemon_kit::{Home, Instance};
use serde::Serialize;

use crate::score_log::{self, Outcome, Score};
use crate::{output, run};

pub use summary::Summary;
use tail::Tail;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    tasks: &'a [Score],
    summary: &'a Summary,
}

/// Shows the next `tasks` judged tasks; returns whether any was answered.
///
/// # Errors
/// If the scores cannot be read, or stdout is closed.
pub fn run(home: &Home, tasks: usize, time: Duration, json: bool) -> io::Result<bool> {
    let deadline = Instant::now() + time;
    let mut tail = Tail::new(score_log::path(home))?;
    let mut seen: Vec<Score> = Vec::new();
    if !json {
        output::line(&heading())?;
    }
    while seen.len() < tasks {
        let mut new = tail.read()?;
        new.truncate(tasks - seen.len());
        if !json {
            new.iter().try_for_each(|score| output::line(&line(score)))?;
        }
        let idle = new.is_empty();
        seen.append(&mut new);
        if Instant::now() >= deadline {
            break;
        }
        if idle {
            thread::sleep(LOOK_EVERY);
        }
    }
    let summary = Summary::of(&seen);
    if json {
        output::json(&Report { tasks: &seen, summary: &summary })?;
    } else {
        output::line(&summary.to_string())?;
    }
    if summary.answered == 0 {
        output::note(&advice(home, &seen));
    }
    Ok(summary.answered > 0)
}

fn heading() -> String {
    format!("{:<10} {:<10} {:>6}  {:>5}  {:>8}  {}", "validator", "task", "status", "score", "latency", "")
}

fn line(score: &Score) -> String {
    let remark = match (&score.reason, &score.model) {
        (Some(reason), _) => output::printable(reason),
        (None, Some(model)) => output::printable(model),
        (None, None) => String::new(),
    };
    let Score { validator, kind, status, score, latency_ms, .. } = score;
    let line = format!("{validator:<10} {kind:<10} {status:>6}  {score:>5.2}  {latency_ms:>5} ms  {remark}");
    line.trim_end().to_owned()
}

/// What to look at if nothing is answered.
fn advice(home: &Home, seen: &[Score]) -> String {
    let home_path = home.root().display().to_string();
    if matches!(Instance::holder(home, run::SERVICE), Ok(None)) {
        return format!(
            "nothing is judged because no sandbox runs here: start it with `sandbox run --home {home_path}`"
        );
    }
    match seen.last() {
        None => {
            "nothing was judged in this time: validators may still wait for their first answer; try again".to_owned()
        }
        Some(Score { outcome: Outcome::Refused, reason, .. }) => format!(
            "the miner refuses: {}. Look at `minerctl --home {home_path} status` and `minerctl --home {home_path} budget`",
            output::printable(reason.as_deref().unwrap_or_default())
        ),
        Some(Score { reason, .. }) => format!(
            "the miner does not answer: {}. Look at `minerctl --home {home_path} status` and at the files in {home_path}/logs",
            output::printable(reason.as_deref().unwrap_or_default())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Kind;

    #[test]
    fn a_miners_message_cannot_steer_the_terminal() {
        let score = Score { reason: Some("\u{1b}[2Jgone".into()), outcome: Outcome::Refused, ..answered() };

        assert!(!line(&score).contains('\u{1b}'));
    }

    #[test]
    fn lines_are_aligned() {
        let other = Score { validator: "a".into(), kind: Kind::Choice, latency_ms: 12_345, ..answered() };

        assert_eq!(line(&answered()).find(" ms"), line(&other).find(" ms"));
    }

    #[test]
    fn without_a_sandbox_that_is_what_is_said() {
        let directory = tempfile::tempdir().unwrap();

        let advice = advice(&Home::new(directory.path().to_owned()), &[]);

        assert!(advice.contains("sandbox run"), "{advice}");
    }

    fn answered() -> Score {
        Score {
            unix_ms: 1,
            validator: "bursty".into(),
            number: 0,
            kind: Kind::Arithmetic,
            status: 200,
            outcome: Outcome::Answered,
            reason: None,
            correct: 1.0,
            format_ok: true,
            latency_ms: 7,
            score: 0.5,
            model: Some("gpt-6-luna".into()),
        }
    }
}
