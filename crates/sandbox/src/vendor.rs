//! A simulated vendor of models: OpenAI's, Anthropic's and Gemini's formats over HTTP, answers of configured quality.
//!
//! It does not know the tasks' seed: it reads the prompts, as a model would.

mod answer;
mod authors;
pub mod bills;
mod error;
mod fault;
mod format;
mod latency;
mod server;
mod solver;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::settings;

pub use answer::answer;
pub use authors::Authors;
use bills::{Bill, Bills};
use error::VendorError;
use format::{Ask, Said};
use latency::Time;
pub use server::serve;

/// The vendor behind the server.
#[derive(Debug)]
pub struct Vendor {
    settings: settings::Vendor,
    pace: Pace,
    calls: AtomicU64,
    authors: Arc<Authors>,
    bills: Option<Bills>,
}

/// Whether the models take their time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// As their latencies say.
    Lifelike,
    /// They answer at once, and calls never fail.
    Instant,
}

/// A call's outcome, and when it is told.
#[derive(Debug)]
struct Outcome {
    result: Result<Said, VendorError>,
    time: Time,
}

impl Vendor {
    /// Makes a vendor.
    #[must_use]
    pub fn new(settings: settings::Vendor, pace: Pace) -> Self {
        Self { settings, pace, calls: AtomicU64::new(0), authors: Arc::new(Authors::default()), bills: None }
    }

    /// Lets it write down what it bills.
    #[must_use]
    pub fn with_bills(self, bills: Bills) -> Self {
        Self { bills: Some(bills), ..self }
    }

    /// Returns the memory of which model answered what.
    #[must_use]
    pub fn authors(&self) -> Arc<Authors> {
        Arc::clone(&self.authors)
    }

    /// Checks the key that a caller shows.
    fn admit(&self, shown: Option<&str>) -> Result<(), VendorError> {
        let Some(key) = &self.settings.key else { return Ok(()) };
        match shown {
            Some(shown) if shown == key => Ok(()),
            Some(_) | None => Err(VendorError::invalid_key()),
        }
    }

    fn models(&self) -> impl Iterator<Item = &String> {
        self.settings.models.keys()
    }

    /// Answers a question; `unix_s` is the time in seconds since 1970.
    fn complete(&self, ask: &Ask, unix_s: u64) -> Outcome {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let at_once = |error| Outcome { result: Err(error), time: Time::default() };
        let Some(model) = self.settings.models.get(&ask.model) else {
            return at_once(VendorError::unknown_model(&ask.model));
        };
        if let Some(error) = self.fault(call) {
            return at_once(error);
        }
        self.authors.remember(&ask.prompt, &ask.model);
        let text = answer(&ask.model, model, &ask.system, &ask.prompt);
        let said = Said::new(ask, text, call, unix_s);
        // Also if the caller hangs up before the answer: the work is done.
        if let Some(bills) = &self.bills {
            bills.add(&Bill { model: ask.model.clone(), tokens: said.total_tokens() });
        }
        let time = match self.pace {
            Pace::Lifelike => latency::draw(&ask.model, model.latency, &ask.prompt),
            Pace::Instant => Time::default(),
        };
        Outcome { result: Ok(said), time }
    }

    fn fault(&self, call: u64) -> Option<VendorError> {
        match self.pace {
            Pace::Lifelike => fault::draw(self.settings.faults, call),
            Pace::Instant => None,
        }
    }
}
