//! `minerctl commands`: what there is to ask for, for programs and agents.

use std::process::ExitCode;

use clap::{Command, CommandFactory};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Cli, CommonArgs};
use crate::output;

/// One command.
#[derive(Debug, Eq, PartialEq, Serialize)]
struct Entry {
    /// Its words, such as `credentials set`.
    name: String,
    /// What it does.
    about: String,
    /// Whether it changes anything; then it has `--dry-run`.
    writes: bool,
    arguments: Vec<Argument>,
}

/// An argument or a flag.
#[derive(Debug, Eq, PartialEq, Serialize)]
struct Argument {
    name: String,
    about: String,
    required: bool,
    takes_value: bool,
}

/// Runs the command.
///
/// # Errors
/// If the output cannot be written.
pub(crate) fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let entries = catalogue();
    if common.json {
        output::json(&json!({ "schema": 1, "commands": entries }))?;
    } else {
        let rows: Vec<_> = entries.into_iter().map(|entry| vec![entry.name, entry.about]).collect();
        output::text(&output::table(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn catalogue() -> Vec<Entry> {
    let mut entries = Vec::new();
    for command in Cli::command().get_subcommands() {
        collect(command, "", &mut entries);
    }
    entries
}

/// Adds a command, or those below it.
fn collect(command: &Command, above: &str, entries: &mut Vec<Entry>) {
    let name = format!("{above}{}", command.get_name());
    let mut below = command.get_subcommands().filter(|below| !below.is_hide_set()).peekable();
    if below.peek().is_none() || !command.is_subcommand_required_set() {
        entries.push(entry(command, name.clone()));
    }
    for command in below {
        collect(command, &format!("{name} "), entries);
    }
}

fn entry(command: &Command, name: String) -> Entry {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set() && !argument.is_global_set());
    let argument = |argument: &clap::Arg| Argument {
        name: argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}")),
        about: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        required: argument.is_required_set(),
        takes_value: argument.get_action().takes_values(),
    };
    let arguments: Vec<_> = arguments.map(argument).collect();
    let writes = arguments.iter().any(|argument| argument.name == "--dry-run");
    Entry { name, about: command.get_about().map(ToString::to_string).unwrap_or_default(), writes, arguments }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changes nothing. Every other command has `--dry-run`; a new command must be sorted here.
    const READS: &[&str] = &[
        "status",
        "why",
        "heartbeat",
        "events",
        "commands",
        "budget",
        "models",
        "models check",
        "explain",
        "config check",
        "credentials list",
        "credentials check",
        "wallet show",
        "wallet list",
        "balance",
        "earnings",
        "operations",
        "logs",
        "replay",
    ];

    #[test]
    fn every_command_either_only_reads_or_can_be_tried_dry() {
        for Entry { name, writes, about, .. } in catalogue() {
            assert!(!about.is_empty(), "{name} does not say what it does");
            let reads = READS.contains(&name.as_str());
            assert!(reads != writes, "{name} reads: {reads}, but has --dry-run: {writes}");
        }
    }

    #[test]
    fn every_command_takes_json() {
        let json =
            Cli::command().get_arguments().find(|argument| argument.get_id() == "json").map(clap::Arg::is_global_set);

        assert_eq!(json, Some(true));
    }
}
