//! A program that is run for each message, without a shell.

use std::process::Stdio;
use std::time::Duration;

use common::config::alerts::CommandChannel;
use tokio::time::timeout;

use crate::send_error::SendError;

/// Stands for the message in an argument.
const TEXT: &str = "{text}";
/// How long the program may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program and its arguments.
#[derive(Debug)]
pub struct Command {
    argv: Vec<String>,
}

impl Command {
    pub(crate) fn new(config: &CommandChannel) -> Self {
        Self { argv: config.argv.clone() }
    }

    /// Runs the program and waits for its end.
    pub(crate) async fn send(&self, text: &str) -> Result<(), SendError> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(SendError::Unusable { reason: "alerts.command.argv is empty: name a program".into() });
        };
        let mut command = tokio::process::Command::new(program);
        command.args(arguments.iter().map(|argument| argument.replace(TEXT, text)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let Ok(ran) = timeout(PATIENCE, command.status()).await else {
            return Err(SendError::later(format!("{program} did not end in {} s", PATIENCE.as_secs())));
        };
        match ran {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(SendError::later(format!("{program} ended with {status}"))),
            Err(error) => Err(SendError::later(format!("{program} cannot be run: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> Command {
        Command::new(&CommandChannel { argv: argv.iter().map(|&argument| argument.to_owned()).collect() })
    }

    #[tokio::test]
    async fn the_message_is_one_argument_whatever_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("told");
        let script = format!("printf '%s|' \"$@\" > {}", file.display());
        let hostile = "budget; $(touch x) `y` \"z\" 'w'";

        command(&["sh", "-c", &script, "sh", "-m", "{text}"]).send(hostile).await.unwrap();

        assert_eq!(std::fs::read_to_string(file).unwrap(), format!("-m|{hostile}|"));
    }

    #[tokio::test]
    async fn a_program_that_fails_or_is_missing_is_tried_later() {
        for argv in [&["false"][..], &["/nowhere/at/all"][..]] {
            let error = command(argv).send("text").await.unwrap_err();

            assert!(matches!(error, SendError::Later { .. }), "{error:?}");
            assert!(error.to_string().contains(argv[0]), "{error}");
        }
    }
}
