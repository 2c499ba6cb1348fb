//! PyPI `llmock` as the vendor: an independent implementation of the vendors' protocols.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::{eventually, free_port, python_program};

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Llmock {
    process: Child,
    port: u16,
}

impl Llmock {
    /// Starts a server that answers with the prompt itself.
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn echoing(flags: &[&str]) -> Self {
        let port = free_port();
        let process = Command::new(python_program("llmock"))
            .args(["serve", "--host", "127.0.0.1", "--log-level", "error", "--response-style", "echo"])
            .args(["--port", &port.to_string()])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("llmock listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { process, port }
    }

    /// Makes the next answer this text.
    ///
    /// # Panics
    /// If it does not take that.
    pub fn say_next(&self, text: &str) {
        let scenario = json!({ "behaviors": [{ "type": "reply", "text": text }] }).to_string();
        let head = format!(
            "POST /_llmock/scenario HTTP/1.1\r\nhost: llmock\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/json\r\n\r\n",
            scenario.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(format!("{head}{scenario}").as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 20"), "{reply}");
    }

    /// Returns the port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns what stands before `/chat/completions`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl Drop for Llmock {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
