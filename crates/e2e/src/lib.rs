//! What the whole-suite tests share: the real binaries in a home of their own, a real vendor server, the real dendrite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod dendrite;
mod llmock;
mod signed_http;
mod suite;
mod wiretap;

pub use dendrite::{Dendrite, Query, Result};
pub use llmock::Llmock;
pub use signed_http::{Answer, SignedHttp};
pub use suite::{DAEMONS, Suite};
pub use wiretap::Wiretap;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Returns a program of the Python environment that `scripts/test.sh` makes.
#[must_use]
pub fn python_program(name: &str) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv");
    let venv = std::env::var_os("MINER_TEST_VENV").unwrap_or_else(|| default.into());
    let program = PathBuf::from(venv).join("bin").join(name);
    assert!(program.exists(), "{} is missing: scripts/test.sh installs what the tests need", program.display());
    program
}

/// Returns Python with the newest SDK, in the environment that `scripts/test.sh` makes.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn newest_sdk() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv-sdk11");
    let venv = std::env::var_os("MINER_TEST_VENV_SDK11").unwrap_or_else(|| default.into());
    let program = PathBuf::from(venv).join("bin/python");
    assert!(program.exists(), "{} is missing: scripts/test.sh installs what the tests need", program.display());
    program
}

/// Returns Python with the SDK before the last, in the environment that `scripts/test.sh` makes.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn older_sdk() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv-sdk9");
    let venv = std::env::var_os("MINER_TEST_VENV_SDK9").unwrap_or_else(|| default.into());
    let program = PathBuf::from(venv).join("bin/python");
    assert!(program.exists(), "{} is missing: scripts/test.sh installs what the tests need", program.display());
    program
}

/// Returns one of our binaries, which `cargo build --workspace --bins` has put beside the tests.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join(name);
    assert!(program.exists(), "{} is missing: run cargo build --workspace --bins first", program.display());
    program
}

/// Returns a port that nobody listens on at the moment.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Looks again and again until `look` sees what it waits for.
///
/// # Panics
/// If it has not seen it after a generous time.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
