//! `state/token-usage.json`: the budget for whoever reads a file rather than a socket, never half written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::call::task::BudgetReport;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::chain::chain;
use crate::ledger::Reporter;

/// The file's name in the home's state directory.
pub const NAME: &str = "token-usage.json";

/// How often it is written at most.
const EVERY: Duration = Duration::from_secs(5);

/// What stands in the file.
#[derive(Debug, Serialize)]
struct TokenUsageFile<'a> {
    /// The file's format.
    schema: u32,
    #[serde(flatten)]
    report: &'a BudgetReport,
}

/// Keeps the file up to date until the ledger has written its last call, and that too.
pub async fn keep(path: PathBuf, reporter: Reporter) {
    let path: Arc<Path> = path.into();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut written, mut failing) = (None, false);
    loop {
        let is_last = tokio::select! {
            _ = ticks.tick() => false,
            () = reporter.ledger_ended() => true,
        };
        let result = refresh(&path, &reporter, &mut written).await;
        if let Err(problem) = &result
            && !failing
        {
            tracing::warn!(path = %path.display(), problem, "The file of what was used cannot be written");
        }
        failing = result.is_err();
        if is_last {
            return;
        }
    }
}

/// Writes the file if anything but the time differs from what was written last.
async fn refresh(path: &Arc<Path>, reporter: &Reporter, written: &mut Option<BudgetReport>) -> Result<(), String> {
    let report = reporter.report().await.map_err(|error| chain(&error))?;
    let timeless = BudgetReport { unix_ms: 0, ..report.clone() };
    if written.as_ref() == Some(&timeless) {
        return Ok(());
    }
    let path = Arc::clone(path);
    let replaced = tokio::task::spawn_blocking(move || replace(&path, &report)).await;
    replaced.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    *written = Some(timeless);
    Ok(())
}

/// Writes beside the file and renames: a reader sees the old or the new one, also after a power failure.
fn replace(path: &Path, report: &BudgetReport) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut text = serde_json::to_vec_pretty(&TokenUsageFile { schema: 1, report })?;
    text.push(b'\n');
    let mut file = File::create(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use common::call::task::OpenCalls;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);

        replace(&path, &report(1)).unwrap();
        let kept = File::open(&path).unwrap();
        replace(&path, &report(2)).unwrap();

        let old: Value = serde_json::from_reader(kept).unwrap();
        let new: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!((&old["schema"], &old["unix_ms"], &new["unix_ms"]), (&1.into(), &1.into(), &2.into()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    fn report(unix_ms: u64) -> BudgetReport {
        BudgetReport {
            unix_ms,
            limits: Vec::new(),
            open: OpenCalls::default(),
            blocked: Vec::new(),
            blocked_others: 0,
            clock_jump: None,
            earnings: None,
            lifted: Vec::new(),
        }
    }
}
