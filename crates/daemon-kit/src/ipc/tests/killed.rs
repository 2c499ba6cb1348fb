//! A server process that is killed with a call in flight.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::ipc::FaultCode;

use super::service::{Echo, Gate, LONG, client, serve_in};

/// Set for the process that is to be killed: the directory of its socket.
const DIRECTORY: &str = "DAEMON_KIT_TEST_DIRECTORY";
/// Written when the call has begun.
const BEGUN: &str = "begun";

/// Does nothing as a test: the body of the process that is killed.
#[tokio::test]
async fn victim() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let mut served = serve_in(directory);
    served.begun().await;
    std::fs::write(directory.join(BEGUN), "").unwrap();
    served.workers.stopping().await;
}

fn spawn_victim(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ipc::tests::killed::victim"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_killed_server_is_an_internal_fault_and_its_successor_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let mut victim = spawn_victim(directory.path());
    let (client, _workers) = client(&directory.path().join("parrot.sock")).await;

    let kill = async {
        while !directory.path().join(BEGUN).exists() {
            tokio::task::yield_now().await;
        }
        // SIGKILL
        victim.kill().unwrap();
        victim.wait().unwrap();
    };
    let (fault, ()) = tokio::join!(client.call(Gate {}, LONG), kill);
    let _successor = serve_in(directory.path());
    client.connected().await;
    let echoed = client.call(Echo { text: "alive".into() }, LONG).await;

    assert_eq!(fault.unwrap_err().code, FaultCode::Internal);
    assert_eq!(echoed.unwrap(), "alive");
}
