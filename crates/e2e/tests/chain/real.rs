//! The real runtime, started by the script that `SUBTENSOR_CHAIN` points to, and acted on through the newest SDK.

use std::path::Path;
use std::process::Command;

use e2e::{free_port, newest_sdk};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

/// The subnet that the script prepares.
pub(crate) const NETUID: u16 = 2;
/// The hotkey of its validator.
pub(crate) const VALIDATOR: &str = "//Bob//hk";

/// A running chain.
pub(crate) struct Chain {
    url: String,
    pid: i32,
}

impl Chain {
    /// Starts it; none without `SUBTENSOR_CHAIN`. A URL is no place for a test that changes the chain.
    pub(crate) fn start() -> Option<Self> {
        let place = std::env::var_os("SUBTENSOR_CHAIN")?;
        let script = Path::new(&place).join("start-chain.sh");
        if !script.exists() {
            return None;
        }
        let port = free_port().to_string();
        let started = Command::new(script).args([port.as_str(), "--interval", "1500"]).output().unwrap();
        let said = String::from_utf8_lossy(&started.stdout);
        let pid = said.split("pid=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let pid = pid.unwrap_or_else(|| panic!("the chain did not start: {said}")).parse().unwrap();
        Some(Self { url: format!("ws://127.0.0.1:{port}"), pid })
    }

    /// `chain` in miner-config.json
    pub(crate) fn config(&self) -> Value {
        json!({ "network": "local", "endpoints": [self.url], "axon": { "address": "10.0.0.9" } })
    }

    /// Registers a hotkey, and returns its place.
    pub(crate) fn register(&self, hotkey: &str) -> u64 {
        self.sdk(&["register", hotkey]).as_u64().unwrap()
    }

    /// Returns the address of a neuron's axon.
    pub(crate) fn axon_as_the_sdk_sees_it(&self, uid: u64) -> String {
        self.sdk(&["axon", &uid.to_string()]).as_str().unwrap().to_owned()
    }

    /// Lets the validator give everything to one neuron.
    pub(crate) fn set_weights(&self, uid: u64) {
        assert_eq!(self.sdk(&["weigh", &uid.to_string()]), true);
    }

    fn sdk(&self, args: &[&str]) -> Value {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/python/chain.py");
        let done = Command::new(newest_sdk()).arg(program).arg(&self.url).args(args).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        let last = said.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&done.stderr)))
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = rustix::process::kill_process(Pid::from_raw(self.pid).unwrap(), Signal::TERM);
    }
}
