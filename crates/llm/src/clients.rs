//! The one way to a vendor: takes a permit, sends one request, returns one completion.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use common::config::miner::{Dialect, Vendor};
use common::id::{ModelName, VendorName};
use common::outcome::VendorFailure;
use common::task::Message;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::call_error::{Billing, CallError, Cause};
use crate::completion::Completion;
use crate::endpoint::{Endpoint, EndpointError};
use crate::exchange;
use crate::models::ModelTable;
use crate::openai_chat;
use crate::permit::{Issuer, Permit, Seal};
use crate::tls;

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
        messages: &[Message],
        deadline: Instant,
    ) -> Result<Completion, CallError> {
        let started = Instant::now();
        let result = self.call(&permit, messages, deadline).await;
        let ms = started.elapsed().as_millis();
        match &result {
            Ok(_) => tracing::debug!(model = %permit.model(), attempt = %permit.attempt(), ms, "Model answered"),
            Err(error) => {
                let failure = error.failure.name();
                tracing::debug!(model = %permit.model(), attempt = %permit.attempt(), ms, failure, %error, "Call failed");
            }
        }
        result
    }

    /// Asks a vendor for the names of its models: a proof that the vendor can be reached and takes the key. Returns by the
    /// deadline. This needs no permit, because no vendor bills it.
    ///
    /// # Errors
    ///
    /// If the vendor does not answer with a list; nothing is billed in any case.
    pub async fn list_models(&self, vendor: &VendorName, deadline: Instant) -> Result<Vec<ModelName>, CallError> {
        let endpoint = self.endpoint(vendor)?;
        let reply = exchange::get_models(&self.http, endpoint, deadline).await?;
        match endpoint.vendor.dialect {
            Dialect::OpenaiChat => openai_chat::read_models(&reply),
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

    async fn call(&self, permit: &Permit, messages: &[Message], deadline: Instant) -> Result<Completion, CallError> {
        let refused = |failure, cause| CallError::new(failure, Billing::Nothing, cause);
        permit
            .check(&self.seal, messages)
            .map_err(|mismatch| refused(VendorFailure::InvalidRequest, Cause::Permit(mismatch)))?;
        let endpoint = self.endpoint(&permit.model().vendor)?;
        let form = self.table.form(&permit.model().model, &endpoint.vendor);
        match endpoint.vendor.dialect {
            Dialect::OpenaiChat => {
                let body = openai_chat::request(permit, form, messages)
                    .map_err(|_| refused(VendorFailure::InvalidRequest, Cause::Build))?;
                let reply = exchange::post(&self.http, endpoint, body, deadline).await?;
                openai_chat::read(&reply)
            }
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
