//! Validators that sign HTTP requests: the newest SDK's own client, and Epistula's, in a Python process of its own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{Suite, newest_sdk};

/// A running client; killed when dropped.
#[derive(Debug)]
pub struct SignedHttp {
    process: Child,
    requests: ChildStdin,
    results: Lines<BufReader<ChildStdout>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: Option<u64>,
    /// The headers.
    pub headers: Value,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Returns the body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Returns what stands in the server-sent events of the body.
    ///
    /// # Panics
    /// If it has other lines.
    #[must_use]
    pub fn events(&self) -> Vec<&str> {
        self.text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect()
    }
}

impl SignedHttp {
    /// Starts Python and loads the SDK.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn start() -> Self {
        let mut process = Command::new(newest_sdk())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/signed_http.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let requests = process.stdin.take().unwrap();
        let mut results = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready: Value = serde_json::from_str(&results.next().unwrap().unwrap()).unwrap();
        assert_eq!(ready["ready"], "11.3.0");
        Self { process, requests, results }
    }

    /// Posts a body to a miner; `more` are further keys of the request, such as its protocol.
    ///
    /// # Panics
    /// If the Python process is gone.
    pub fn ask(&mut self, suite: &Suite, path: &str, body: Value, more: &Value) -> Answer {
        let mut request = json!({ "uri": "//Alice", "port": suite.port(), "hotkey": suite.hotkey(), "path": path });
        request["body"] = body;
        for (key, value) in more.as_object().into_iter().flatten() {
            request[key] = value.clone();
        }
        writeln!(self.requests, "{request}").unwrap();
        let result: Value = serde_json::from_str(&self.results.next().unwrap().unwrap()).unwrap();
        Answer {
            status: result["status"].as_u64(),
            headers: result["headers"].clone(),
            text: result["text"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

impl Drop for SignedHttp {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
