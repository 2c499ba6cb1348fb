//! The same on the real runtime, if `SUBTENSOR_CHAIN` says where it is: a folder with `start-chain.sh`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::call::wallet::operation::{Operation, PriceBound, Rule};
use common::id::Netuid;
use common::money::Rao;

use crate::chains::{Eyes, ONE};
use crate::desk::{Desk, NETUID, address, generous, hotkey};
use crate::steps::{everything, quote_time, register};

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "what was measured is shown to whoever asks for it with --nocapture")]
async fn on_the_real_runtime_every_receipt_is_what_the_chain_says() {
    let Some(chain) = Chain::start() else { return };
    let eyes = Eyes::on(&chain.url).await;
    let desk = Desk::start(&chain.url, generous()).await;

    let stake = Operation::AddStake {
        hotkey: address("//Bob//hk"),
        netuid: Netuid(NETUID),
        amount: Rao(ONE),
        bound: PriceBound::Policy,
    };
    let times = [quote_time(&desk, &register(&hotkey(), 5 * ONE)).await, quote_time(&desk, &stake).await];
    println!("quotes of a registration and of stake took {times:?}; {} KiB resident", desk.resident_kib().await);
    // There is no such call yet.
    let claim = desk.refused(Operation::ClaimRoot { netuids: vec![Netuid(NETUID)] }, Rao(ONE)).await;
    everything(&desk, &eyes).await;

    let resident_kib = desk.resident_kib().await;
    assert!(resident_kib < 64 * 1024, "{resident_kib} KiB resident");
    // A second is the aim on a quiet machine; other tests may run beside this one.
    assert!(times.iter().all(|time| *time <= Duration::from_secs(3)), "{times:?}");
    assert_eq!(claim, Rule::Runtime);
}

/// The real runtime.
struct Chain {
    url: String,
    pid: String,
}

impl Chain {
    fn start() -> Option<Self> {
        let folder = std::env::var_os("SUBTENSOR_CHAIN")?;
        let script = Path::new(&folder).join("start-chain.sh");
        if !script.exists() {
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let output = Command::new(script).args([port.as_str(), "--interval", "1500"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let pid = said.split("pid=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let pid = pid.unwrap_or_else(|| panic!("the chain did not start: {said}")).to_owned();
        Some(Self { url: format!("ws://127.0.0.1:{port}"), pid })
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(&self.pid).status());
    }
}
