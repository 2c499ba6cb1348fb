//! A home with a wallet, and the wallet-manager that runs in it.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use common::call::wallet::operation::{
    ListOperations, Mode, Operation, OperationQuery, OperationState, OperationView, PerformOperation, Quote,
    QuoteOperation, Receipt, Rule,
};
use common::call::wallet::{Unlock, WalletCall, WalletStatusQuery};
use common::id::{OperationId, Ss58};
use common::ipc::{Call, Fault};
use common::money::Rao;
use common::secret::Secret;
use daemon_kit::ipc::{Client, connect};
use daemon_kit::{Home, Workers};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// The subnet that both chains prepare.
pub(crate) const NETUID: u16 = 2;
/// The mnemonic of the wallet's hotkey.
const HOTKEY: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
/// The seed of `//Eve`, who has TAO on both chains.
const EVE: &str = "0x786ad0e2df456fe43dd1f91ebca22e235bc162e0bb8d53c633e8c85b2af68b7a";

/// A development key.
pub(crate) fn key(uri: &str) -> Keypair {
    Keypair::from_uri(Scheme::Sr25519, uri).unwrap()
}

/// The address of a development key.
pub(crate) fn address(uri: &str) -> Ss58 {
    key(uri).address()
}

/// The wallet's hotkey.
pub(crate) fn hotkey() -> Ss58 {
    Keypair::from_mnemonic(Scheme::Sr25519, HOTKEY).unwrap().address()
}

/// An id that no other operation has.
pub(crate) fn id(number: u8) -> OperationId {
    OperationId::new(1_785_000_000_000, [number; 10])
}

/// A policy that allows what these tests do.
pub(crate) fn generous() -> Value {
    json!({
        "operations": [
            "register", "root_register", "add_stake", "remove_stake", "unstake_all", "move_stake", "swap_stake",
            "transfer", "set_childkey_take", "claim_root"
        ],
        "destinations": [address("//Ferdie"), address("//Eve//second")],
        "netuids": [0, 1, 2, 3],
        "max_per_operation": "200",
        "max_per_day": "1000",
        "max_total": "1000",
        "max_slippage_bp": 2000,
        "cooldown_s": 0,
        "approve_above": "200"
    })
}

/// A running wallet-manager.
pub(crate) struct Desk {
    pub(crate) home: TempDir,
    wallet: Value,
    chain: Value,
    child: Option<Child>,
    workers: Workers,
    admin: Option<Client<WalletCall>>,
}

impl Desk {
    /// Starts one with the coldkey of `//Eve` in memory.
    pub(crate) async fn start(url: &str, policy: Value) -> Self {
        let mut desk = Self::new(url, json!({ "policy": policy }));
        desk.run(None).await;
        desk.unlock().await;
        desk
    }

    /// A home in which nothing runs yet.
    pub(crate) fn new(url: &str, wallet: Value) -> Self {
        let desk = Self {
            home: tempfile::tempdir().unwrap(),
            wallet,
            chain: json!({ "network": "sandbox", "endpoints": [url] }),
            child: None,
            workers: Workers::new(),
            admin: None,
        };
        desk.write_wallet();
        desk.configure();
        desk
    }

    fn write_wallet(&self) {
        let wallet = self.wallet_dir();
        DirBuilder::new().recursive(true).mode(0o700).create(wallet.join("hotkeys")).unwrap();
        let coldkey = address("//Eve");
        self.private(&wallet.join("coldkey"), &json!({ "secretSeed": EVE, "ss58Address": coldkey }));
        self.private(&wallet.join("coldkeypub.txt"), &json!({ "ss58Address": coldkey }));
        self.private(&wallet.join("hotkeys/default"), &json!({ "secretPhrase": HOTKEY, "ss58Address": hotkey() }));
        for directory in [self.home.path().join("wallets"), wallet.clone(), wallet.join("hotkeys")] {
            fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
        }
    }

    #[expect(clippy::unused_self, reason = "reads as a step")]
    fn private(&self, path: &Path, content: &Value) {
        fs::write(path, content.to_string()).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn wallet_dir(&self) -> PathBuf {
        self.home.path().join("wallets/miner")
    }

    fn configure(&self) {
        let mut wallet = json!({ "path": self.home.path().join("wallets"), "name": "miner", "hotkey": "default" });
        for (key, value) in self.wallet.as_object().unwrap() {
            wallet[key] = value.clone();
        }
        let files = [
            (
                "miner-config",
                json!({
                    "version": 1,
                    "wallet": wallet,
                    "chain": self.chain,
                    "listeners": [{ "address": "127.0.0.1:0", "netuids": [NETUID] }],
                    "callers": { "policy": "listed", "allow": [] },
                    "vendors": { "openai": { "dialect": "openai-chat", "base_url": "http://127.0.0.1:9/v1" } }
                }),
            ),
            ("subnet-profiles", profiles()),
            (
                "token-budgets",
                json!({ "version": 1, "limits": [{ "name": "all", "window": "total", "max_tokens": 1000 }] }),
            ),
        ];
        let directory = self.home.path().join("config");
        fs::create_dir_all(&directory).unwrap();
        for (name, content) in files {
            fs::write(directory.join(format!("{name}.json")), content.to_string()).unwrap();
        }
    }

    /// Starts the process; with `crash_at` it kills itself there.
    pub(crate) async fn run(&mut self, crash_at: Option<&str>) {
        let log = fs::File::options().create(true).append(true).open(self.home.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wallet-manager"));
        command.arg("--home").arg(self.home.path()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        if let Some(place) = crash_at {
            command.env("MINER_TEST_CRASH_AT", place);
        }
        self.child = Some(command.spawn().unwrap());
        let mut child = self.child.take().unwrap();
        self.admin = tokio::select! {
            admin = self.connect("wallet-admin") => Some(admin),
            ended = child.wait() => panic!("it ended: {ended:?}: {}", self.log()),
        };
        self.child = Some(child);
        self.chain_is_there().await;
    }

    /// Connects once the socket is there.
    pub(crate) async fn connect(&self, socket: &str) -> Client<WalletCall> {
        let path = Home::new(self.home.path().to_owned()).socket(socket);
        loop {
            if let Ok(client) = connect(&path, "wallet-manager", &self.workers).await {
                return client;
            }
            a_moment().await;
        }
    }

    async fn chain_is_there(&self) {
        let asked = async {
            let operation = Operation::Transfer { to: address("//Ferdie"), amount: Rao(1_000) };
            while self.ask(QuoteOperation { operation: operation.clone() }).await.is_err() {
                a_moment().await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{}", self.log()));
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// Lets the coldkey be used.
    pub(crate) async fn unlock(&self) {
        let password = Secret::new(String::new().into());
        self.ask(Unlock { password }).await.unwrap();
    }

    /// Asks as the operator.
    pub(crate) async fn ask<C: Call<Service = WalletCall> + Into<WalletCall>>(
        &self,
        call: C,
    ) -> Result<C::Output, Fault> {
        self.admin.as_ref().unwrap().call(call, PATIENCE).await
    }

    pub(crate) async fn quote(&self, operation: &Operation) -> Quote {
        self.ask(QuoteOperation { operation: operation.clone() })
            .await
            .unwrap_or_else(|fault| panic!("{fault}\n{}", self.log()))
    }

    /// Quotes, agrees and does.
    pub(crate) async fn perform(&self, id: OperationId, operation: Operation) -> OperationView {
        let agreed = self.quote(&operation).await.worst_cost;
        self.submit(id, operation, agreed).await.unwrap_or_else(|fault| panic!("{fault}\n{}", self.log()))
    }

    pub(crate) async fn submit(
        &self,
        id: OperationId,
        operation: Operation,
        agreed: Rao,
    ) -> Result<OperationView, Fault> {
        self.ask(PerformOperation { id, operation, agreed, mode: Mode::Submit }).await
    }

    /// The rule by which an operation is refused.
    pub(crate) async fn refused(&self, operation: Operation, agreed: Rao) -> Rule {
        let view =
            self.submit(id(200), operation, agreed).await.unwrap_or_else(|fault| panic!("{fault}\n{}", self.log()));
        let OperationState::Refused(violation) = view.state else { panic!("{:?}", view.state) };
        violation.rule
    }

    /// Does an operation that must succeed.
    pub(crate) async fn done(&self, id: OperationId, operation: Operation) -> Receipt {
        let view = self.perform(id, operation).await;
        receipt(view).unwrap_or_else(|state| panic!("{state:?}\n{}", self.log()))
    }

    pub(crate) async fn state(&self, id: OperationId) -> OperationState {
        self.ask(OperationQuery { id }).await.unwrap().state
    }

    /// Waits until an operation is in a state.
    pub(crate) async fn until(&self, id: OperationId, is: impl Fn(&OperationState) -> bool) -> OperationState {
        let waited = async {
            loop {
                if let Ok(view) = self.ask(OperationQuery { id }).await
                    && is(&view.state)
                {
                    return view.state;
                }
                a_moment().await;
            }
        };
        tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("{}", self.log()))
    }

    /// Waits until there is such an operation.
    pub(crate) async fn until_listed(&self, is: impl Fn(&OperationView) -> bool) -> OperationView {
        let waited = async {
            loop {
                let listed = self.ask(ListOperations { limit: 50 }).await.unwrap().operations;
                if let Some(view) = listed.into_iter().find(|view| is(view)) {
                    return view;
                }
                a_moment().await;
            }
        };
        tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("{}", self.log()))
    }

    /// Waits until the process has died.
    pub(crate) async fn died(&mut self) {
        let mut child = self.child.take().unwrap();
        tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
        self.admin = None;
    }

    /// Kills the process as SIGKILL does.
    pub(crate) async fn kill(&mut self) {
        self.child.as_mut().unwrap().start_kill().unwrap();
        self.died().await;
    }

    /// Opens `wallet.db` beside the process.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.home.path().join("state/wallet.db")).unwrap()
    }

    /// Resident memory of the process, in KiB.
    pub(crate) async fn resident_kib(&self) -> u64 {
        let pid = self.ask(WalletStatusQuery {}).await.unwrap().process.pid;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// Between two looks at what another process does.
pub(crate) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// The receipt of an operation that is done.
pub(crate) fn receipt(view: OperationView) -> Result<Receipt, OperationState> {
    if let OperationState::Done(receipt) = view.state { Ok(receipt) } else { Err(view.state) }
}

fn profiles() -> Value {
    json!({
        "version": 1,
        "subnets": { NETUID.to_string(): {
            "name": "text",
            "protocol": "synapse",
            "max_tokens_per_task": 100,
            "preferred_models": ["openai/gpt-6-luna"],
            "routes": { "TextSynapse": {
                "fields": { "prompt": { "type": "str" }, "completion": { "type": "str", "default": "" } },
                "hash_fields": ["prompt"],
                "action": { "task": {
                    "prompt": { "field": "prompt" },
                    "answer": { "field": "completion" }
                } }
            } }
        } }
    })
}

#[test]
fn the_seed_is_eves() {
    let seed: [u8; 32] = hex::decode(EVE.trim_start_matches("0x")).unwrap().try_into().unwrap();

    assert_eq!(Keypair::from_seed(Scheme::Sr25519, &seed).address(), address("//Eve"));
}
