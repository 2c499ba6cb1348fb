//! The real SDK's dendrite as the validator, in a Python process of its own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{older_sdk, python_program};

/// A running dendrite; killed when dropped.
#[derive(Debug)]
pub struct Dendrite {
    process: Child,
    requests: ChildStdin,
    results: Lines<BufReader<ChildStdout>>,
    next_id: u64,
}

/// One synapse for one axon.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// The validator's key, such as `//Alice`.
    pub signer: &'a str,
    /// The axon's port on 127.0.0.1.
    pub port: u16,
    /// The axon's hotkey.
    pub hotkey: &'a str,
    /// The synapse's class in `dendrite.py`.
    pub synapse: &'a str,
    /// Its fields.
    pub fields: Value,
    /// The validator's timeout in seconds.
    pub timeout: f64,
}

/// What the dendrite made of the response.
#[derive(Clone, Debug)]
pub struct Result {
    /// `dendrite.status_code`
    pub status: Option<u64>,
    /// `dendrite.status_message`
    pub message: String,
    /// `axon.hotkey`, by which validators tell answers apart.
    pub axon_hotkey: Option<String>,
    /// The synapse's fields.
    pub fields: Value,
}

impl Dendrite {
    /// Starts Python and loads the SDK.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&python_program("python"), "10.5.0")
    }

    /// Starts the older SDK that many validators still run.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn start_older() -> Self {
        Self::start_with(&older_sdk(), "9.12.2")
    }

    fn start_with(python: &Path, version: &str) -> Self {
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/dendrite.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let requests = process.stdin.take().unwrap();
        let mut results = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready: Value = serde_json::from_str(&results.next().unwrap().unwrap()).unwrap();
        assert_eq!(ready["ready"], version);
        Self { process, requests, results, next_id: 0 }
    }

    /// Sends a query; returns its number.
    ///
    /// # Panics
    /// If the Python process is gone.
    pub fn send(&mut self, query: &Query<'_>) -> u64 {
        self.next_id += 1;
        let request = json!({
            "id": self.next_id,
            "uri": query.signer,
            "host": "127.0.0.1",
            "port": query.port,
            "hotkey": query.hotkey,
            "synapse": query.synapse,
            "fields": query.fields,
            "timeout": query.timeout,
        });
        writeln!(self.requests, "{request}").unwrap();
        self.next_id
    }

    /// Waits for the next result, of whichever query ends next.
    ///
    /// # Panics
    /// If the Python process is gone.
    pub fn next_result(&mut self) -> (u64, Result) {
        let line = self.results.next().unwrap().unwrap();
        let result: Value = serde_json::from_str(&line).unwrap();
        let id = result["id"].as_u64().unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let result = Result {
            status: result["status"].as_u64(),
            message: text(&result["message"]).unwrap_or_default(),
            axon_hotkey: text(&result["axon_hotkey"]),
            fields: result["fields"].clone(),
        };
        (id, result)
    }

    /// Sends a query and waits for its result.
    ///
    /// # Panics
    /// If other queries are under way.
    pub fn ask(&mut self, query: &Query<'_>) -> Result {
        let id = self.send(query);
        let (ended, result) = self.next_result();
        assert_eq!(ended, id, "ask() is for one query at a time");
        result
    }
}

impl Drop for Dendrite {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
