//! The chain in this process: started, driven, disturbed and read.

mod connection;
mod endpoint;
mod engine;
mod hex;
mod neuron;
mod pool;
mod rpc;
mod snapshot;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use codec::Encode;
use sp_core::{H256, ed25519, sr25519};
use sp_runtime::generic::SignedPayload;
use sp_runtime::{AccountId32, MultiAddress, MultiSignature};
use tokio::sync::broadcast;

pub use endpoint::{Endpoint, Refusal};
pub use engine::Head;
pub use pool::SubmitError;
pub use state::CallError;

use crate::genesis::Genesis;
use crate::pallet;
use crate::runtime::number::{NetUid, TaoBalance};
use crate::runtime::upgrade::Runtime as Upgrade;
use crate::runtime::{Runtime, RuntimeCall, UncheckedExtrinsic, immortal, implied};
use engine::{Engine, News};

/// How much news may wait for a subscriber before it misses some.
const NEWS: usize = 256;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// When [`Node::new_block`] is called. The chain's clock goes on by 12 seconds a block, from the genesis' time.
    Manual,
    /// Again and again after this time. The chain's clock is the computer's.
    Every(Duration),
}

/// How a chain is run.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// What it starts with.
    pub genesis: Genesis,
    /// When blocks are made.
    pub pace: Pace,
    /// How many blocks the final block is behind the best.
    pub finality_lag: u32,
    /// How many blocks and states are kept.
    pub history: u32,
    /// Where the head is kept, for a chain that goes on after its process ended.
    pub state_file: Option<PathBuf>,
    /// Where the first endpoint listens; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl NodeConfig {
    /// A chain with manual blocks at a free port of this computer, final two blocks behind.
    #[must_use]
    pub fn manual(genesis: Genesis) -> Self {
        Self {
            genesis,
            pace: Pace::Manual,
            finality_lag: 2,
            history: 512,
            state_file: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// The chain could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The genesis contradicts itself.
    #[error("genesis: {0}")]
    Genesis(String),
    /// The address is taken or not this computer's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The kept state cannot be read.
    #[error("cannot read {path}")]
    StateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else, or another version's.
    #[error("{0} holds no chain state of this version; remove it to start anew")]
    NoStateFile(PathBuf),
    /// The file is of a chain with another genesis.
    #[error("{path} is of the chain {found:?}, not of {genesis:?}; remove it to start anew")]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// Its genesis.
        found: H256,
        /// The genesis asked for.
        genesis: H256,
    },
}

/// A chain. Clones are the same chain.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
    endpoint: Endpoint,
}

/// What endpoints share.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    news: broadcast::Sender<News>,
    pace: Pace,
    stalled: std::sync::atomic::AtomicBool,
}

impl Shared {
    fn engine(&self) -> MutexGuard<'_, Engine> {
        // A panic while it was held cannot leave it worse than a failed block does.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// Makes the chain and binds its first endpoint; nothing runs until [`run`](Self::run) does.
    ///
    /// # Errors
    /// If the genesis contradicts itself, the state file is not of this chain, or the address cannot be bound.
    pub fn start(config: &NodeConfig) -> Result<Self, StartError> {
        let (news, _) = broadcast::channel(NEWS);
        let shared = Arc::new(Shared {
            engine: Mutex::new(Engine::new(config, news.clone())?),
            news,
            pace: config.pace,
            stalled: false.into(),
        });
        let endpoint = Endpoint::bind(Arc::clone(&shared), config.listen)?;
        Ok(Self { shared, endpoint })
    }

    /// Serves the first endpoint and makes blocks, if they are not made by hand. Ends when it is dropped, and every
    /// connection with it.
    pub fn run(&self) -> impl Future<Output = ()> + Send + 'static {
        let (shared, serve) = (Arc::clone(&self.shared), self.endpoint.run());
        async move {
            tokio::join!(author(shared), serve);
        }
    }

    /// The first endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Binds another endpoint of the same chain, with faults of its own; its [`run`](Endpoint::run) must be run, too.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn another_endpoint(&self, listen: SocketAddr) -> Result<Endpoint, StartError> {
        Endpoint::bind(Arc::clone(&self.shared), listen)
    }

    /// Where the first endpoint listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.endpoint.address()
    }

    /// The URL of the first endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// The best block.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.engine().best()
    }

    /// The last final block.
    #[must_use]
    pub fn finalized(&self) -> Head {
        self.shared.engine().finalized()
    }

    /// The hash of the first block.
    #[must_use]
    pub fn genesis_hash(&self) -> H256 {
        self.shared.engine().genesis_hash()
    }

    /// How many trie nodes all kept states have.
    #[must_use]
    pub fn state_nodes(&self) -> usize {
        self.shared.engine().nodes().count()
    }

    /// Makes a block of what waits.
    ///
    /// # Errors
    /// If the runtime fails, which only an intervention can make it do.
    pub fn new_block(&self) -> Result<Head, CallError> {
        self.shared.engine().new_block()
    }

    /// Makes blocks.
    ///
    /// # Errors
    /// As [`new_block`](Self::new_block).
    pub fn new_blocks(&self, count: u32) -> Result<Head, CallError> {
        for _ in 0..count {
            self.new_block()?;
        }
        Ok(self.head())
    }

    /// Hands in a signed transaction.
    ///
    /// # Errors
    /// If the pool refuses it.
    pub fn submit(&self, transaction: Vec<u8>) -> Result<H256, SubmitError> {
        self.shared.engine().submit(transaction, None)
    }

    /// Signs a call with the account's next nonce, never expiring, and hands it in.
    ///
    /// # Errors
    /// If the pool refuses it.
    pub fn sign_and_submit(&self, key: &Keypair, call: RuntimeCall) -> Result<H256, SubmitError> {
        let mut engine = self.shared.engine();
        let nonce = engine.next_nonce(&key.public()).map_err(|_| SubmitError::Malformed)?;
        let root = engine.root(engine.best().hash).ok_or(SubmitError::Malformed)?;
        let spec = engine.nodes().read(root, Upgrade::current).spec_version;
        let transaction = sign(key, call, nonce, spec, engine.genesis_hash());
        engine.submit(transaction, None)
    }

    /// How many transactions wait for a block.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.engine().pooled().count()
    }

    /// Reads from the best block's state: `node.read(|| Burn::<Runtime>::get(NetUid(1)))`.
    pub fn read<V>(&self, read: impl FnOnce() -> V) -> V {
        let engine = self.shared.engine();
        let root = engine.root(engine.best().hash).unwrap_or_default();
        engine.nodes().read(root, read)
    }

    /// Does something to the state at the start of the next block, as no transaction could.
    pub fn intervene(&self, intervention: impl FnOnce() + Send + 'static) {
        self.shared.engine().intervene(Box::new(intervention));
    }

    /// Makes no more blocks, or makes them again. Sockets stay open, and questions are answered.
    pub fn stall(&self, stalled: bool) {
        self.shared.stalled.store(stalled, std::sync::atomic::Ordering::Relaxed);
    }

    /// Replaces the last blocks by as many others and one more, but never a final one. Transactions of the old blocks get
    /// into the new ones, or are lost.
    ///
    /// # Errors
    /// As [`new_block`](Self::new_block).
    pub fn reorg(&self, depth: u32, lose_transactions: bool) -> Result<Head, CallError> {
        self.shared.engine().reorg(depth, lose_transactions)
    }

    /// Lets another runtime be in force after the next block.
    pub fn upgrade(&self, runtime: Upgrade) {
        self.shared.engine().upgrade(runtime);
    }

    /// Sets what a registration costs, in rao, from the next block on; the limits move with it.
    pub fn set_burn(&self, netuid: u16, rao: u64) {
        self.intervene(move || {
            let netuid = NetUid(netuid);
            pallet::Burn::<Runtime>::insert(netuid, TaoBalance(rao));
            pallet::MinBurn::<Runtime>::mutate(netuid, |least| least.0 = least.0.min(rao));
            pallet::MaxBurn::<Runtime>::mutate(netuid, |most| most.0 = most.0.max(rao));
        });
    }

    /// Sets what an alpha costs, in rao, from the next block on, by the TAO in the pool.
    pub fn set_alpha_price(&self, netuid: u16, rao: u64) {
        self.intervene(move || {
            let alpha = u128::from(pallet::SubnetAlphaIn::<Runtime>::get(NetUid(netuid)).0);
            let tao = alpha * u128::from(rao) / 1_000_000_000;
            let tao = TaoBalance(u64::try_from(tao).unwrap_or(u64::MAX));
            pallet::SubnetTAO::<Runtime>::insert(NetUid(netuid), tao);
        });
    }

    /// Gives a neuron's place to a stranger, as a registration in a full subnet does.
    pub fn deregister(&self, netuid: u16, uid: u16) {
        self.intervene(move || pallet::Pallet::<Runtime>::supplant(NetUid(netuid), uid));
    }

    /// Sets how many blocks the final block is behind the best. What is final stays so.
    pub fn set_finality_lag(&self, blocks: u32) {
        self.shared.engine().finality_lag = blocks;
    }
}

fn sign(key: &Keypair, call: RuntimeCall, nonce: u32, spec: u32, genesis: H256) -> Vec<u8> {
    let payload = SignedPayload::from_raw(call, immortal(nonce), implied(spec, genesis));
    let signature = payload.using_encoded(|message| key.sign(message));
    let signature = match key.scheme() {
        Scheme::Sr25519 => MultiSignature::Sr25519(sr25519::Signature::from_raw(signature)),
        Scheme::Ed25519 => MultiSignature::Ed25519(ed25519::Signature::from_raw(signature)),
    };
    let (call, extension, _) = payload.deconstruct();
    let address = MultiAddress::Id(AccountId32::new(key.public()));
    UncheckedExtrinsic::new_signed(call, address, signature, extension).encode()
}

async fn author(shared: Arc<Shared>) {
    let Pace::Every(interval) = shared.pace else {
        return;
    };
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if shared.stalled.load(std::sync::atomic::Ordering::Relaxed) {
            continue;
        }
        let made = shared.engine().new_block();
        if let Err(error) = made {
            tracing::error!(%error, "Could not make a block");
        }
    }
}
