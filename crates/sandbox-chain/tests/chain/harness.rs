//! A chain with a subnet, two validators and two miners, and a client of it.

use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use codec::Decode;
use sandbox_chain::pallet::{Call, Error};
use sandbox_chain::runtime::{Runtime, RuntimeCall, RuntimeEvent};
use sandbox_chain::{Account, Genesis, Neuron, Node, NodeConfig, SubmitError, Subnet};
use sp_core::H256;
use sp_runtime::DispatchError;
use subxt::backend::LegacyBackend;
use subxt::config::SubstrateConfig;
use subxt::rpcs::RpcClient;
use subxt::utils::{AccountId32, MultiSignature};
use subxt::{OnlineClient, transactions::Signer};
use tokio::task::JoinSet;

/// A TAO or an alpha.
pub(crate) const ONE: u64 = 1_000_000_000;
/// The subnet of these tests.
pub(crate) const NETUID: u16 = 2;

/// A development key.
pub(crate) fn key(name: &str) -> Keypair {
    Keypair::from_uri(Scheme::Sr25519, &format!("//{name}")).unwrap()
}

/// Signs for subxt.
pub(crate) struct By<'a>(pub(crate) &'a Keypair);

impl Signer<SubstrateConfig> for By<'_> {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.0.public())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(payload))
    }
}

/// A running chain.
pub(crate) struct Chain {
    pub(crate) node: Node,
    _tasks: JoinSet<()>,
}

/// Alice's and Bob's hotkeys validate; Charlie's and Dave's mine; the coldkeys have 1000 TAO each; Eve has, too.
pub(crate) fn genesis(subnet: Subnet) -> Genesis {
    let neuron = |name: &str, stake, validator_permit| Neuron {
        netuid: NETUID,
        hotkey: key(&format!("{name}//hot")).public(),
        coldkey: key(name).public(),
        stake,
        validator_permit,
    };
    let account = |name| Account { key: key(name).public(), rao: 1000 * ONE };
    Genesis {
        seed: 7,
        time_ms: 1_790_000_000_000,
        accounts: ["Alice", "Bob", "Charlie", "Dave", "Eve"].map(account).to_vec(),
        subnets: vec![subnet],
        neurons: vec![
            neuron("Alice", 1000 * ONE, true),
            neuron("Bob", 500 * ONE, true),
            neuron("Charlie", 0, false),
            neuron("Dave", 0, false),
        ],
    }
}

/// The subnet of these tests: short epochs, two validators.
pub(crate) fn subnet() -> Subnet {
    Subnet {
        netuid: NETUID,
        tempo: 10,
        immunity_period: 5,
        max_validators: 2,
        serving_rate_limit: 5,
        weights_rate_limit: 0,
        ..Subnet::default()
    }
}

impl Chain {
    /// Starts it; its blocks are made by hand.
    pub(crate) fn start(config: &NodeConfig) -> Self {
        let node = Node::start(config).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(node.run());
        Self { node, _tasks: tasks }
    }

    /// The chain of these tests.
    pub(crate) fn new() -> Self {
        Self::with(subnet())
    }

    /// The chain of these tests with another subnet.
    pub(crate) fn with(subnet: Subnet) -> Self {
        Self::start(&NodeConfig::manual(genesis(subnet)))
    }

    /// A connection.
    pub(crate) async fn rpc(&self) -> RpcClient {
        RpcClient::from_url(self.node.url()).await.unwrap()
    }

    /// Signs a call and hands it in; it is in the next block.
    pub(crate) fn submit(&self, key: &Keypair, call: Call<Runtime>) -> Result<H256, SubmitError> {
        self.node.sign_and_submit(key, RuntimeCall::SubtensorModule(call))
    }

    /// Signs a call, makes a block with it, and says how it ended.
    pub(crate) fn apply(&self, key: &Keypair, call: Call<Runtime>) -> Result<(), String> {
        self.submit(key, call).unwrap();
        self.node.new_block().unwrap();
        let events = self.node.read(frame_system::Pallet::<Runtime>::events);
        let failed = events.into_iter().find_map(|event| {
            let RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { dispatch_error, .. }) = event.event else {
                return None;
            };
            Some(dispatch_error)
        });
        match failed {
            None => Ok(()),
            Some(DispatchError::Module(error)) if error.index == 7 => {
                Err(format!("{:?}", Error::<Runtime>::decode(&mut error.error.as_slice()).unwrap()))
            }
            Some(other) => Err(format!("{other:?}")),
        }
    }

    /// A client.
    pub(crate) async fn client(&self) -> OnlineClient<SubstrateConfig> {
        let backend = LegacyBackend::<SubstrateConfig>::builder().build(self.rpc().await);
        OnlineClient::from_backend(backend.into()).await.unwrap()
    }
}

/// A test's patience.
pub(crate) async fn soon<V>(what: impl Future<Output = V>) -> V {
    tokio::time::timeout(Duration::from_secs(20), what).await.unwrap()
}
