//! A running `llmock`, stopped when dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

pub(crate) struct Llmock {
    process: Child,
    address: String,
}

impl Llmock {
    /// Starts it on a free port and waits until it says that it listens.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts it with more arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let program = venv().join("bin/llmock");
        let mut process = Command::new(&program)
            .args(["serve", "--port", "0", "--response-style", "static"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "cannot start {}: {error}. Make it with `python3 -m venv .venv && .venv/bin/pip install \
                     llmock==0.2.2`, or name another venv in MINER_TEST_VENV",
                    program.display()
                )
            });
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, rest) = line.split_once("running on http://")?;
            Some(rest.split_whitespace().next()?.to_owned())
        });
        // A full pipe would stop it.
        thread::spawn(move || lines.for_each(drop));
        Self { process, address: address.expect("llmock ended before it listened") }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Makes the next requests meet these behaviors, one each.
    pub(crate) fn next(&self, behaviors: &[Value]) {
        self.control("POST", "/_llmock/scenario", &json!({ "behaviors": behaviors }).to_string());
    }

    /// Returns how many requests it has served.
    pub(crate) fn requests(&self) -> usize {
        let requests = self.control("GET", "/_llmock/requests", "");
        let count = requests.get("count").and_then(Value::as_u64);
        count.unwrap_or_else(|| panic!("{requests}")).try_into().unwrap()
    }

    /// Returns the bodies of the requests that it has served, oldest first.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let mut requests = self.control("GET", "/_llmock/requests", "");
        let requests = requests["requests"].as_array_mut().unwrap();
        requests.iter_mut().map(|request| request["body"].take()).collect()
    }

    /// Returns what it thinks of its client.
    pub(crate) fn verdict(&self) -> Value {
        self.control("GET", "/_llmock/verdict", "")
    }

    fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: llmock\r\nconnection: close\r\ncontent-length: {length}\r\n\
             content-type: application/json\r\n\r\n"
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (_, json) = reply.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(json).unwrap()
    }
}

impl Drop for Llmock {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn venv() -> PathBuf {
    match std::env::var_os("MINER_TEST_VENV") {
        Some(path) => path.into(),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv")),
    }
}
