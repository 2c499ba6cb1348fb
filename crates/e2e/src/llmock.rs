//! PyPI `llmock` as the vendor: an independent implementation of the vendors' protocols.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

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
