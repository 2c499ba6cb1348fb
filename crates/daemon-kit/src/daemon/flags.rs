//! The flags of every daemon.

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command, ValueHint};

/// What the command line says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Flags {
    /// `--home`
    pub(super) home: PathBuf,
    /// `--check`
    pub(super) check: bool,
}

/// Reads the flags; answers `--help` and `--version`, and complains about anything else, by itself.
pub(super) fn read(service: &'static str, version: &'static str) -> Flags {
    let mut matches = command(service, version).get_matches();
    // There is a default.
    Flags { home: matches.remove_one("home").unwrap_or_default(), check: matches.get_flag("check") }
}

fn command(service: &'static str, version: &'static str) -> Command {
    let home = Arg::new("home")
        .long("home")
        .env("MINER_HOME")
        .value_name("DIRECTORY")
        .default_value(".")
        .value_parser(ValueParser::path_buf())
        .value_hint(ValueHint::DirPath)
        .help("The directory with config/, state/, run/ and logs/");
    let check = Arg::new("check").long("check").action(ArgAction::SetTrue).help(
        "Check the configuration, print everything that is wrong with it, one line each, and start nothing; exit with 0 or 78",
    );
    Command::new(service)
        .version(version)
        .about("A daemon of the miner suite; scripts/start-miner.sh starts all of them")
        .after_help("MINER_LOG sets what is logged, such as info,task_handler=debug.")
        .arg(home)
        .arg(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_make_sense() {
        command("tracker", "1.0.0").debug_assert();
    }
}
