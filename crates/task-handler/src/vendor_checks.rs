//! Asks every vendor for its list of models, to see whether it takes its key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::call::task::{VendorCheck, VendorChecks, VendorOutcome};
use common::id::{ModelName, VendorName};
use common::ipc::{Fault, FaultCode};
use daemon_kit::config::Config;
use futures_util::{StreamExt, stream};
use llm::Clients;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How many vendors are asked at once.
const AT_ONCE: usize = 8;
/// How long all vendors together may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Kept of the caller's time for the way back, so that a vendor that does not answer costs only its own outcome.
const MARGIN: Duration = Duration::from_millis(500);

/// Knows what to ask whom.
#[derive(Debug)]
pub struct Checker {
    vendors: BTreeMap<VendorName, Expected>,
    /// Held while the vendors are asked.
    asking: Mutex<()>,
}

/// What is known of a vendor before it is asked.
#[derive(Debug)]
struct Expected {
    /// Why it cannot be asked.
    problem: Option<String>,
    /// The models that profiles prefer.
    models: BTreeSet<ModelName>,
}

impl Checker {
    /// Collects the vendors and the models that profiles prefer. `problems` says which vendors cannot be called, and why.
    #[must_use]
    pub fn new(config: &Config, mut problems: BTreeMap<VendorName, String>) -> Self {
        let preferred = || config.subnets.subnets.values().flat_map(|profile| &profile.preferred_models);
        let mut expected = |vendor: &VendorName| Expected {
            problem: problems.remove(vendor),
            models: preferred().filter(|model| model.vendor == *vendor).map(|model| model.model.clone()).collect(),
        };
        let vendors = config.miner.vendors.keys().map(|vendor| (vendor.clone(), expected(vendor))).collect();
        Self { vendors, asking: Mutex::new(()) }
    }

    /// Asks all vendors, some at a time, until `deadline` at most.
    ///
    /// # Errors
    /// They are being asked already.
    pub async fn check(&self, clients: &Clients, deadline: Instant) -> Result<VendorChecks, Fault> {
        let busy = |_| Fault::new(FaultCode::Overloaded, "the vendors are being asked already");
        let _asking = self.asking.try_lock().map_err(busy)?;
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline).min(Instant::now() + PATIENCE);
        let asked: Vec<_> =
            self.vendors.iter().map(|(vendor, expected)| check_one(clients, vendor, expected, deadline)).collect();
        Ok(VendorChecks { vendors: stream::iter(asked).buffered(AT_ONCE).collect().await })
    }
}

async fn check_one(clients: &Clients, vendor: &VendorName, expected: &Expected, deadline: Instant) -> VendorCheck {
    let outcome = match &expected.problem {
        Some(problem) => VendorOutcome::NoKey { problem: problem.clone() },
        None => ask(clients, vendor, &expected.models, deadline).await,
    };
    VendorCheck { vendor: vendor.clone(), outcome }
}

async fn ask(
    clients: &Clients,
    vendor: &VendorName,
    expected: &BTreeSet<ModelName>,
    deadline: Instant,
) -> VendorOutcome {
    match clients.list_models(vendor, deadline).await {
        Ok(listed) => {
            let models = u32::try_from(listed.len()).unwrap_or(u32::MAX);
            let retires: BTreeMap<_, _> = listed.into_iter().map(|model| (model.name, model.retires)).collect();
            let unlisted = expected.iter().filter(|model| !retires.contains_key(*model)).cloned().collect();
            let of_profile = retires.into_iter().filter(|(model, _)| expected.contains(model));
            let retiring = of_profile.filter_map(|(model, day)| Some((model, day?))).collect();
            VendorOutcome::Accepted { models, unlisted, retiring }
        }
        Err(error) => {
            tracing::warn!(%vendor, %error, "Vendor does not list its models");
            VendorOutcome::Failed(error.failure)
        }
    }
}
