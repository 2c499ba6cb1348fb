//! A simulated vendor of models: OpenAI's chat format over HTTP, answers of configured quality.
//!
//! It does not know the tasks' seed: it reads the prompts, as a model would.

mod answer;
mod authors;
pub mod bills;
mod chat;
mod fault;
mod latency;
mod server;
mod solver;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use crate::settings;

pub use answer::answer;
pub use authors::Authors;
use bills::{Bill, Bills};
use chat::{ChatRequest, Completion, ModelList, VendorError};
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
    result: Result<Completion, VendorError>,
    after: Duration,
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
    fn admit(&self, authorization: Option<&str>) -> Result<(), VendorError> {
        let Some(key) = &self.settings.key else { return Ok(()) };
        match authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(shown) if shown == key => Ok(()),
            Some(_) | None => Err(VendorError::invalid_key()),
        }
    }

    fn models(&self) -> ModelList {
        ModelList::new(self.settings.models.keys())
    }

    /// Answers a chat; `unix_s` is the time in seconds since 1970.
    fn complete(&self, body: &[u8], unix_s: u64) -> Outcome {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let at_once = |error| Outcome { result: Err(error), after: Duration::ZERO };
        let request = match ChatRequest::parse(body) {
            Ok(request) => request,
            Err(error) => return at_once(error),
        };
        let Some(model) = self.settings.models.get(&request.model) else {
            return at_once(VendorError::unknown_model(&request.model));
        };
        if let Some(error) = self.fault(call) {
            return at_once(error);
        }
        let (system, prompt) = (request.system(), request.prompt());
        self.authors.remember(prompt, &request.model);
        let text = answer(&request.model, model, &system, prompt);
        let completion = Completion::new(&request, text, call, unix_s);
        // Also if the caller hangs up before the answer: the work is done.
        if let Some(bills) = &self.bills {
            bills.add(&Bill { model: request.model.clone(), tokens: completion.total_tokens() });
        }
        let after = match self.pace {
            Pace::Lifelike => latency::draw(&request.model, model.latency, prompt, completion.output_tokens()),
            Pace::Instant => Duration::ZERO,
        };
        Outcome { result: Ok(completion), after }
    }

    fn fault(&self, call: u64) -> Option<VendorError> {
        match self.pace {
            Pace::Lifelike => fault::draw(self.settings.faults, call),
            Pace::Instant => None,
        }
    }
}

impl VendorError {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
