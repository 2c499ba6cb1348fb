//! The one way to a vendor: takes a permit, sends one request, returns one completion.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use common::config::miner::{Dialect, Vendor};
use common::id::VendorName;
use common::outcome::VendorFailure;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::call_error::{Billing, CallError, Cause};
use crate::completion::Completion;
use crate::endpoint::{Endpoint, EndpointError};
use crate::exchange::{self, Billable, Opened, Reply};
use crate::listed::ListedModel;
use crate::models::{Asked, ModelTable};
use crate::openai_chat::Delivery;
use crate::permit::{Issuer, Permit, Seal};
use crate::question::Question;
use crate::streaming::{self, Reader};
use crate::{anthropic, gemini, openai_chat, tls};

/// How long a connection may take to be made; a task's deadline is usually shorter.
const CONNECT: Duration = Duration::from_secs(10);

/// The clients of all configured vendors, sharing one pool of connections.
///
/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured.
pub struct Clients {
    http: reqwest::Client,
    table: ModelTable,
    endpoints: BTreeMap<VendorName, Endpoint>,
    seal: Seal,
}

impl Clients {
    /// Makes the clients, and the only issuer of permits for them.
    ///
    /// A vendor whose key is missing is no error: its calls fail with [`VendorFailure::Auth`] and nothing is sent.
    ///
    /// # Errors
    ///
    /// All vendors that cannot be called as they are configured, or a system without TLS certificates.
    pub fn new(
        vendors: &BTreeMap<VendorName, Vendor>,
        mut keys: BTreeMap<VendorName, SecretString>,
    ) -> Result<(Self, Issuer), ClientsError> {
        let mut endpoints = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, vendor) in vendors {
            match Endpoint::new(vendor, keys.remove(name)) {
                Ok(endpoint) => drop(endpoints.insert(name.clone(), endpoint)),
                Err(problem) => problems.push((name.clone(), problem)),
            }
        }
        if !problems.is_empty() {
            return Err(ClientsError::Vendors(problems));
        }
        let tls = tls::config(endpoints.values().any(Endpoint::is_tls)).map_err(ClientsError::Tls)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .user_agent(concat!("miner/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientsError::Http)?;
        let seal = Seal::default();
        let issuer = Issuer::new(seal.clone());
        Ok((Self { http, table: ModelTable::shipped(), endpoints, seal }, issuer))
    }

    /// Whether the vendor is configured and has its key, if it needs one.
    #[must_use]
    pub fn is_usable(&self, vendor: &VendorName) -> bool {
        self.endpoints.get(vendor).is_some_and(|endpoint| !endpoint.lacks_key())
    }

    /// Makes the call that `permit` was given for; returns by the deadline.
    ///
    /// # Errors
    ///
    /// If there is no usable answer; the error says what may have been billed.
    pub async fn complete(
        &self,
        permit: Permit,
        question: impl Into<Question<'_>>,
        deadline: Instant,
    ) -> Result<Completion, CallError> {
        let started = Instant::now();
        let result = self.call(&permit, question.into(), deadline).await;
        log(&permit, started, &result);
        result
    }

    /// Makes the call that `permit` was given for, and passes pieces of the text on as they come; returns by the deadline.
    /// Whoever takes the pieces too slowly slows the stream, and may stop taking them. They are the answer only if this
    /// returns one.
    ///
    /// # Errors
    ///
    /// If there is no usable answer, or if it did not come to its end; the error says what may have been billed.
    pub async fn stream(
        &self,
        permit: Permit,
        question: impl Into<Question<'_>>,
        deltas: &mpsc::Sender<String>,
        deadline: Instant,
    ) -> Result<Completion, CallError> {
        let started = Instant::now();
        let result = self.follow(&permit, question.into(), deltas, deadline).await;
        log(&permit, started, &result);
        result
    }

    /// Asks a vendor for its models: a proof that the vendor can be reached and takes the key. Returns by the
    /// deadline. This needs no permit, because no vendor bills it.
    ///
    /// # Errors
    ///
    /// If the vendor does not answer with a list; nothing is billed in any case.
    pub async fn list_models(&self, vendor: &VendorName, deadline: Instant) -> Result<Vec<ListedModel>, CallError> {
        let endpoint = self.endpoint(vendor)?;
        let reply = exchange::get_models(&self.http, endpoint, deadline).await?;
        match endpoint.vendor.dialect {
            Dialect::OpenaiChat => openai_chat::read_models(&reply),
            Dialect::Anthropic => anthropic::read_models(&reply),
            Dialect::Gemini => gemini::read_models(&reply),
        }
    }

    /// Finds a vendor that can be called.
    fn endpoint(&self, vendor: &VendorName) -> Result<&Endpoint, CallError> {
        let refused = |failure, cause| CallError::new(failure, Billing::Nothing, cause);
        let unknown = || refused(VendorFailure::InvalidRequest, Cause::UnknownVendor(vendor.clone()));
        let endpoint = self.endpoints.get(vendor).ok_or_else(unknown)?;
        if endpoint.lacks_key() {
            return Err(refused(VendorFailure::Auth, Cause::NoKey(vendor.clone())));
        }
        Ok(endpoint)
    }

    async fn call(&self, permit: &Permit, question: Question<'_>, deadline: Instant) -> Result<Completion, CallError> {
        let (endpoint, body) = self.prepare(permit, question, false)?;
        let request =
            Billable { url: endpoint.url(&permit.model().model, false), body, cap: permit.worst().output_tokens };
        let (reply, limits) = exchange::post(&self.http, endpoint, request, deadline).await?;
        Ok(Completion { limits, ..read(endpoint.vendor.dialect, &reply)? })
    }

    async fn follow(
        &self,
        permit: &Permit,
        question: Question<'_>,
        deltas: &mpsc::Sender<String>,
        deadline: Instant,
    ) -> Result<Completion, CallError> {
        let (endpoint, body) = self.prepare(permit, question, true)?;
        let dialect = endpoint.vendor.dialect;
        let cap = permit.worst().output_tokens;
        let request = Billable { url: endpoint.url(&permit.model().model, true), body, cap };
        let (opened, limits) = exchange::open(&self.http, endpoint, request, deadline).await?;
        let completion = match opened {
            Opened::Events(events) => streaming::follow(events, Reader::new(dialect), cap, deltas, deadline).await?,
            Opened::Whole(reply) => {
                let completion = read(dialect, &reply)?;
                // Whoever takes no pieces has the answer all the same.
                drop(timeout_at(deadline, deltas.send(completion.text.clone())).await);
                completion
            }
        };
        Ok(Completion { limits, ..completion })
    }

    /// Checks the permit and writes the request.
    fn prepare(
        &self,
        permit: &Permit,
        question: Question<'_>,
        streamed: bool,
    ) -> Result<(&Endpoint, Vec<u8>), CallError> {
        let refused = |failure, cause| CallError::new(failure, Billing::Nothing, cause);
        let messages = question.messages;
        permit
            .check(&self.seal, messages)
            .map_err(|mismatch| refused(VendorFailure::InvalidRequest, Cause::Permit(mismatch)))?;
        let endpoint = self.endpoint(&permit.model().vendor)?;
        let vendor = &endpoint.vendor;
        let asked = Asked {
            effort: question.effort.or(vendor.effort),
            temperature: question.temperature.or(vendor.temperature),
            cap: permit.worst().output_tokens,
        };
        let form = self.table.form(&permit.model().model, vendor, asked);
        let body = match vendor.dialect {
            Dialect::OpenaiChat => {
                let streaming = Delivery::Streamed { usage: vendor.stream_usage };
                openai_chat::request(permit, form, messages, if streamed { streaming } else { Delivery::Plain })
            }
            Dialect::Anthropic => anthropic::request(permit, form, messages, streamed),
            Dialect::Gemini => gemini::request(permit, form, messages),
        };
        Ok((endpoint, body.map_err(|_| refused(VendorFailure::InvalidRequest, Cause::Build))?))
    }
}

fn read(dialect: Dialect, reply: &Reply) -> Result<Completion, CallError> {
    match dialect {
        Dialect::OpenaiChat => openai_chat::read(reply),
        Dialect::Anthropic => anthropic::read(reply),
        Dialect::Gemini => gemini::read(reply),
    }
}

fn log(permit: &Permit, started: Instant, result: &Result<Completion, CallError>) {
    let ms = started.elapsed().as_millis();
    match result {
        Ok(_) => tracing::debug!(model = %permit.model(), attempt = %permit.attempt(), ms, "Model answered"),
        Err(error) => {
            let failure = error.failure.name();
            tracing::debug!(model = %permit.model(), attempt = %permit.attempt(), ms, failure, %error, "Call failed");
        }
    }
}

/// Shows the vendors' names only.
impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("vendors", &self.endpoints.keys()).finish_non_exhaustive()
    }
}

/// The clients cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// Vendors that cannot be called as they are configured.
    #[error("{}", list(.0))]
    Vendors(Vec<(VendorName, EndpointError)>),
    /// The system's certificates cannot be read.
    #[error("no TLS: {0}; install the system's certificates (package ca-certificates)")]
    Tls(rustls::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}

fn list(problems: &[(VendorName, EndpointError)]) -> String {
    let lines: Vec<_> =
        problems.iter().map(|(vendor, problem)| format!("vendors.{vendor} in miner-config.json: {problem}")).collect();
    lines.join("\n")
}
