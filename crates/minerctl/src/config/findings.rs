//! Everything for which a daemon would refuse the configuration: each daemon is asked, because each knows something of its
//! own.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use daemon_kit::Home;
use futures_util::future::try_join_all;
use serde::Serialize;
use tokio::process::Command;
use tokio::time::timeout;

use super::BAD_CONFIG;
use crate::output;
use crate::up::{DAEMONS, binary};

/// How long a daemon may take to check the files.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is wrong, one line each, each once.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over lines; what several daemons say is kept once.
    fn add(&mut self, lines: Vec<String>) {
        for line in lines {
            if !self.0.contains(&line) {
                self.0.push(line);
            }
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "the configuration has {count} error{plural}")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Asks all daemons at once.
///
/// # Errors
/// If one of them cannot be asked.
pub(crate) async fn findings(home: &Home) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for lines in try_join_all(DAEMONS.map(|daemon| ask(home, daemon))).await? {
        findings.add(lines);
    }
    Ok(findings)
}

async fn ask(home: &Home, daemon: &str) -> anyhow::Result<Vec<String>> {
    let binary = binary(daemon)?;
    let output = Command::new(&binary)
        .arg("--home")
        .arg(home.root())
        .arg("--check")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, output)
        .await
        .with_context(|| format!("{daemon} has not checked the configuration after {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("cannot run {}; build it with `cargo build --release --bins`", binary.display()))?;
    match output.status.code() {
        Some(0) => Ok(Vec::new()),
        Some(code) if code == i32::from(BAD_CONFIG) => {
            Ok(String::from_utf8_lossy(&output.stdout).lines().map(output::printable).collect())
        }
        Some(_) | None => {
            let said = output::printable(String::from_utf8_lossy(&output.stderr).trim());
            bail!("{daemon} cannot check the configuration ({}): {said}", output.status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_daemons_say_is_said_once() {
        let mut findings = Findings::default();

        findings.add(vec!["a: is missing".into(), "b: is missing".into()]);
        findings.add(vec!["b: is missing".into(), "c: is missing".into()]);

        let text = findings.to_string();
        assert_eq!(text, "the configuration has 3 errors\n  a: is missing\n  b: is missing\n  c: is missing");
    }
}
