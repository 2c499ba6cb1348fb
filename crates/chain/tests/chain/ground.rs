//! The ground a test stands on: a chain with accounts, and a client of ours that is connected to it.

use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use chain::{Block, Client, Endpoint, Settings, Timing};
use common::config::chain::Network;
use scale_value::{Composite, Value};
use subxt::OnlineClient;
use subxt::backend::LegacyBackend;
use subxt::config::{DefaultExtrinsicParamsBuilder, SubstrateConfig};
use subxt::rpcs::client::rpc_params;
use subxt::rpcs::{LegacyRpcMethods, RpcClient};
use subxt::transactions::{Signer, dynamic};
use subxt::utils::{AccountId32, MultiSignature};
use tokio::task::JoinSet;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The subnet that both chains prepare.
pub(crate) const NETUID: u16 = 2;

/// A chain under test.
pub(crate) struct Ground {
    /// Our client.
    pub(crate) client: Client,
    /// A client of another kind, for what the suite does not do itself.
    rpc: RpcClient,
    api: OnlineClient<SubstrateConfig>,
    driver: JoinSet<()>,
}

impl Ground {
    pub(crate) async fn new(urls: &[String]) -> Self {
        Self::on(settings(urls), &urls[0]).await
    }

    /// A client with these settings; what it does not do itself goes another way.
    pub(crate) async fn on(settings: Settings, side: &str) -> Self {
        let (client, driver) = chain::connect(settings);
        let mut driving = JoinSet::new();
        driving.spawn(driver.run(std::future::pending()));
        client.connected(PATIENCE).await.unwrap();
        let rpc = RpcClient::from_insecure_url(side).await.unwrap();
        let api = OnlineClient::from_backend(LegacyBackend::builder().build(rpc.clone()).into()).await.unwrap();
        Self { client, rpc, api, driver: driving }
    }

    /// Makes a block, and returns it once our client sees it.
    pub(crate) async fn block(&self) -> Block {
        let known = self.client.at_best().unwrap().head().hash;
        let _: serde_json::Value = self.rpc.request("dev_newBlock", rpc_params![]).await.unwrap();
        self.client.after(Some(known), PATIENCE).await.unwrap()
    }

    /// Waits until our client reads at a height.
    pub(crate) async fn reach(&self, number: u64) {
        let mut block = self.client.connected(PATIENCE).await.unwrap();
        while block.number() < number {
            block = self.client.after(Some(block.head().hash), PATIENCE).await.unwrap();
        }
    }

    /// Makes blocks up to a height.
    pub(crate) async fn block_at(&self, number: u64) -> Block {
        loop {
            let best = self.client.at_best().unwrap();
            if best.number() >= number {
                return if best.number() == number { best } else { best.at_number(number).await.unwrap() };
            }
            self.block().await;
        }
    }

    /// Waits until so many transactions wait for a block.
    pub(crate) async fn waiting(&self, count: usize) {
        let waiting = async {
            loop {
                let pool: Vec<String> = self.rpc.request("author_pendingExtrinsics", rpc_params![]).await.unwrap();
                if pool.len() == count {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the pool gets there");
    }

    /// The number of an account's next transaction, as the pool sees it.
    pub(crate) async fn next_nonce(&self, who: &str) -> u64 {
        let methods = LegacyRpcMethods::<subxt::config::RpcConfigFor<SubstrateConfig>>::new(self.rpc.clone());
        methods.system_account_next_index(&AccountId32(account(who))).await.unwrap()
    }

    /// Has somebody make a call, and waits until it worked.
    pub(crate) async fn send(&self, who: &str, call: &str, arguments: Vec<(&str, Value)>) {
        self.send_to("SubtensorModule", who, call, arguments).await;
    }

    pub(crate) async fn send_to(&self, pallet: &str, who: &str, call: &str, arguments: Vec<(&str, Value)>) {
        let arguments = arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let key = Signing(key(who));
        let methods = LegacyRpcMethods::<subxt::config::RpcConfigFor<SubstrateConfig>>::new(self.rpc.clone());
        let nonce = methods.system_account_next_index(&key.account_id()).await.unwrap();
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
        let call = dynamic(pallet, call, Composite::Named(arguments));
        let progress = self.api.tx().await.unwrap().sign_and_submit_then_watch(&call, &key, parameters).await.unwrap();
        let events = progress.wait_for_finalized_success().await.unwrap();
        for event in events.iter().map(Result::unwrap) {
            assert_ne!(event.event_name(), "SudoResult", "use sudo() for that");
        }
    }

    /// The root of the real runtime's development chain changes a parameter.
    pub(crate) async fn sudo(&self, call: &str, arguments: Vec<(&str, Value)>) {
        let arguments = arguments.into_iter().map(|(name, value)| (name.to_owned(), value));
        let inner = Value::named_variant(call, arguments);
        let call = Value::unnamed_variant("AdminUtils", [inner]);
        self.send_to("Sudo", "//Alice", "sudo", vec![("call", call)]).await;
    }

    /// Ends our client.
    pub(crate) async fn end(mut self) {
        self.driver.shutdown().await;
    }
}

/// Settings of a test: quick to give up, so that a test does not last.
pub(crate) fn settings(urls: &[String]) -> Settings {
    let endpoints = urls.iter().map(|url| Endpoint::parse(Network::Sandbox, url).unwrap()).collect();
    Settings { network: Network::Sandbox, endpoints, genesis: None, timing: Timing::of(Network::Sandbox) }
}

/// A well-known development key.
pub(crate) fn key(uri: &str) -> Keypair {
    Keypair::from_uri(Scheme::Sr25519, uri).unwrap()
}

pub(crate) fn account(uri: &str) -> [u8; 32] {
    key(uri).public()
}

struct Signing(Keypair);

impl Signer<SubstrateConfig> for Signing {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.0.public())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(payload))
    }
}
