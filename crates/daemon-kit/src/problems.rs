//! The newest warnings and errors of a process, for its status.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use common::call::status::{Problem, Severity};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many are kept.
const KEPT: usize = 20;

/// What was logged as WARN or ERROR lately. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    newest: Arc<Mutex<VecDeque<Problem>>>,
}

impl Problems {
    /// Makes an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the newest, oldest first.
    #[must_use]
    pub fn newest(&self) -> Vec<Problem> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, problem: Problem) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.len() >= KEPT {
            newest.pop_front();
        }
        newest.push_back(problem);
    }
}

/// Hears what is logged.
impl<S: Subscriber> Layer<S> for Problems {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            Level::ERROR => Severity::Error,
            Level::WARN => Severity::Warning,
            _ => return,
        };
        let mut text = Text::default();
        event.record(&mut text);
        self.add(Problem { unix_ms: unix_ms(SystemTime::now()), severity, message: text.message + &text.fields });
    }
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// An error with all its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _written = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn logged(log: impl FnOnce()) -> Vec<Problem> {
        let problems = Problems::new();
        let subscriber = tracing_subscriber::registry().with(problems.clone());
        tracing::subscriber::with_default(subscriber, log);
        problems.newest()
    }

    #[test]
    fn warnings_and_errors_are_kept_with_their_fields() {
        let problems = logged(|| {
            tracing::info!("Not a problem");
            tracing::warn!(vendor = "openai", failures = 3, "Benched vendor");
            tracing::error!(error = %"no space", "Cannot write");
        });

        let texts: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.message.as_str())).collect();
        assert_eq!(
            texts,
            [
                (Severity::Warning, "Benched vendor vendor=\"openai\" failures=3"),
                (Severity::Error, "Cannot write error=no space"),
            ]
        );
    }

    #[test]
    fn only_the_newest_are_kept() {
        let problems = logged(|| {
            for number in 0..50 {
                tracing::warn!(number, "Odd");
            }
        });

        assert_eq!(problems.len(), KEPT);
        assert_eq!(problems[KEPT - 1].message, "Odd number=49");
    }
}
