//! A running `llmock`, stopped when dropped.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Llmock {
    process: Child,
    address: String,
}

impl Llmock {
    /// Starts it on a free port and waits until it says that it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let program = venv().join("bin/llmock");
        let mut process = Command::new(&program)
            .args(["serve", "--port", "0", "--response-style", "static"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "cannot start {}: {error}. Make it with `python3 -m venv .venv && .venv/bin/pip install llmock==0.2.2`, \
                     or name another venv in MINER_TEST_VENV",
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
        let Some(address) = address else { panic!("llmock ended before it listened") };
        Self { process, address }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it speaks a dialect.
    pub(crate) fn base_url_of(&self, dialect: &str) -> String {
        match dialect {
            "anthropic" => format!("http://{}/anthropic/v1", self.address),
            "gemini" => format!("http://{}/gemini/v1beta", self.address),
            _ => self.base_url(),
        }
    }

    /// Makes the next request meet `behavior`.
    pub(crate) async fn next(&self, behavior: Value) {
        let body = serde_json::json!({ "behaviors": [behavior] }).to_string();
        self.control("POST", "/_llmock/scenario", &body).await;
    }

    /// Returns llmock's judgement of the client so far.
    pub(crate) async fn verdict(&self) -> Value {
        self.control("GET", "/_llmock/verdict", "").await
    }

    /// Returns every request it has served.
    pub(crate) async fn requests(&self) -> Value {
        self.control("GET", "/_llmock/requests", "").await
    }

    /// Returns how many behaviors no request has met yet.
    pub(crate) async fn pending(&self) -> usize {
        self.control("GET", "/_llmock/scenario", "").await["pending"].as_array().unwrap().len()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: llmock\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        let (_, json) = reply.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(json).unwrap()
    }
}

impl Drop for Llmock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn venv() -> PathBuf {
    match std::env::var_os("MINER_TEST_VENV") {
        Some(path) => path.into(),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv")),
    }
}
