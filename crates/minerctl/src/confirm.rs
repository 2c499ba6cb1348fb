//! Asks before something is changed, unless the operator said `--yes`.

use std::io::{self, BufRead, IsTerminal};

use crate::cli::WriteArgs;
use crate::output;

/// What the operator said to a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Consent {
    /// Do it.
    Given,
    /// Only say what would be done; it has been said.
    DryRun,
    /// Do not do it.
    Refused,
}

/// Says what will happen and asks for consent. Without a terminal, `--yes` is the only consent.
///
/// # Errors
/// If the terminal cannot be read.
pub(crate) fn confirm(args: &WriteArgs, effect: &str) -> io::Result<Consent> {
    if args.dry_run {
        output::note(&format!("dry run: {effect}"));
        return Ok(Consent::DryRun);
    }
    if args.yes {
        return Ok(Consent::Given);
    }
    if !io::stdin().is_terminal() {
        output::note(&format!("nothing was done: {effect}; pass --yes to do it without being asked"));
        return Ok(Consent::Refused);
    }
    output::note(&format!("{effect}. Go on? [y/N]"));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(Consent::Given);
    }
    output::note("nothing was done");
    Ok(Consent::Refused)
}
