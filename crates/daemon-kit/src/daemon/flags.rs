//! The flags of every daemon.

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, Command, ValueHint};

/// Reads `--home`; answers `--help` and `--version`, and complains about anything else, by itself.
pub(super) fn home(service: &'static str, version: &'static str) -> PathBuf {
    let mut matches = command(service, version).get_matches();
    // There is a default.
    matches.remove_one("home").unwrap_or_default()
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
    Command::new(service)
        .version(version)
        .about("A daemon of the miner suite; scripts/start-miner.sh starts all of them")
        .after_help("MINER_LOG sets what is logged, such as info,task_handler=debug.")
        .arg(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_make_sense() {
        command("tracker", "1.0.0").debug_assert();
    }
}
