//! The chain itself: makes blocks, keeps the last of them, finalises, and reorganises when it is told to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use codec::{Decode, Encode};
use sp_core::H256;
use sp_inherents::InherentData;
use sp_runtime::traits::Header as _;
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
};
use sp_runtime::{Digest, DispatchError};
use tokio::sync::{broadcast, mpsc};

use super::pool::{CAPACITY, Pooled, Status, SubmitError, is_whole, tag};
use super::state::{Block, CallError, Nodes};
use super::{NodeConfig, Pace, StartError, snapshot};
use crate::genesis::empty_root;
use crate::runtime::upgrade::Runtime as Upgrade;
use crate::runtime::{Header, UncheckedExtrinsic};

/// After how many blocks what no kept state needs is forgotten.
const SWEEP_EVERY: u32 = 64;
/// What the clock of a chain with manual blocks goes on by, in milliseconds.
const MANUAL_STEP_MS: u64 = 12_000;

/// Something done to the state as no transaction could.
pub(super) type Intervention = Box<dyn FnOnce() + Send>;

/// What those who follow the chain hear.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// There is another best block.
    Best(Arc<Block>),
    /// A block is final.
    Final(Arc<Block>),
}

/// A block's place and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u32,
    /// Its hash.
    pub hash: H256,
}

/// The chain.
pub(super) struct Engine {
    nodes: Nodes,
    blocks: HashMap<H256, Arc<Block>>,
    /// The best chain's kept blocks; the first one, 0, always.
    chain: BTreeMap<u32, H256>,
    best: Arc<Block>,
    finalized: u32,
    pool: Vec<Pooled>,
    /// Transactions of blocks that are not final yet.
    included: Vec<(Head, Pooled)>,
    interventions: Vec<Intervention>,
    upgrades: Vec<Upgrade>,
    /// How far behind the best block the final one is.
    pub(super) finality_lag: u32,
    history: u32,
    pace: Pace,
    time_ms: u64,
    state_file: Option<std::path::PathBuf>,
    news: broadcast::Sender<News>,
}

impl Engine {
    pub(super) fn new(config: &NodeConfig, news: broadcast::Sender<News>) -> Result<Self, StartError> {
        let storage = config.genesis.storage().map_err(StartError::Genesis)?;
        let (mut nodes, root) = Nodes::of(&storage);
        let genesis = Arc::new(Block {
            header: Header::new(0, empty_root(), root, H256::zero(), Digest::default()),
            extrinsics: Vec::new(),
        });
        let mut best = Arc::clone(&genesis);
        if let Some(path) = &config.state_file
            && let Some(kept) = snapshot::load(path, genesis.hash())?
        {
            best = Arc::new(kept.head);
            nodes = Nodes::from_parts(kept.nodes);
        }
        let number = *best.header.number();
        Ok(Self {
            nodes,
            blocks: HashMap::from([(genesis.hash(), Arc::clone(&genesis)), (best.hash(), Arc::clone(&best))]),
            chain: BTreeMap::from([(0, genesis.hash()), (number, best.hash())]),
            best,
            finalized: number,
            pool: Vec::new(),
            included: Vec::new(),
            interventions: Vec::new(),
            upgrades: Vec::new(),
            finality_lag: config.finality_lag,
            history: config.history.max(2),
            pace: config.pace,
            time_ms: config.genesis.time_ms,
            state_file: config.state_file.clone(),
            news,
        })
    }

    pub(super) fn best(&self) -> Head {
        Head { number: *self.best.header.number(), hash: self.best.hash() }
    }

    pub(super) fn finalized(&self) -> Head {
        let hash = self.chain.get(&self.finalized).copied().unwrap_or_default();
        Head { number: self.finalized, hash }
    }

    pub(super) fn genesis_hash(&self) -> H256 {
        self.chain.get(&0).copied().unwrap_or_default()
    }

    pub(super) fn hash_at(&self, number: u32) -> Option<H256> {
        self.chain.get(&number).copied()
    }

    pub(super) fn block(&self, hash: H256) -> Option<Arc<Block>> {
        self.blocks.get(&hash).cloned()
    }

    /// The state that a block left, while it is kept.
    pub(super) fn root(&self, hash: H256) -> Option<H256> {
        self.blocks.get(&hash).map(|block| block.root())
    }

    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    pub(super) fn pooled(&self) -> impl Iterator<Item = &[u8]> {
        self.pool.iter().map(|pooled| pooled.bytes.as_slice())
    }

    /// Lets something be done to the state at the start of the next block.
    pub(super) fn intervene(&mut self, intervention: Intervention) {
        self.interventions.push(intervention);
    }

    /// Lets another runtime be in force after the next block.
    pub(super) fn upgrade(&mut self, runtime: Upgrade) {
        self.upgrades.push(runtime);
    }

    /// The next nonce of an account, counting what waits.
    pub(super) fn next_nonce(&self, account: &[u8; 32]) -> Result<u32, CallError> {
        let answer = self.nodes.call(self.best.root(), "AccountNonceApi_account_nonce", account)?;
        let mut nonce = u32::decode(&mut answer.as_slice()).map_err(|_| CallError::Answer)?;
        while self.pool.iter().any(|pooled| pooled.provides.contains(&tag(account, nonce))) {
            nonce += 1;
        }
        Ok(nonce)
    }

    /// Takes a transaction into the pool.
    pub(super) fn submit(
        &mut self,
        bytes: Vec<u8>,
        watcher: Option<mpsc::Sender<Status>>,
    ) -> Result<H256, SubmitError> {
        let hash = H256(sp_crypto_hashing::blake2_256(&bytes));
        if self.pool.iter().any(|pooled| pooled.hash == hash) {
            return Err(SubmitError::AlreadyImported(hash));
        }
        if self.pool.len() >= CAPACITY {
            return Err(SubmitError::Full);
        }
        if !is_whole(&bytes) || UncheckedExtrinsic::decode(&mut bytes.as_slice()).is_err() {
            return Err(SubmitError::Malformed);
        }
        let arguments = [TransactionSource::External.encode(), bytes.clone(), self.best.hash().encode()].concat();
        let answer = self.nodes.call(self.best.root(), "TaggedTransactionQueue_validate_transaction", &arguments);
        let answer = answer.map_err(|_| SubmitError::Malformed)?;
        let valid = TransactionValidity::decode(&mut answer.as_slice()).map_err(|_| SubmitError::Malformed)??;
        let waiting =
            |tags: &[Vec<u8>]| tags.iter().all(|tag| self.pool.iter().any(|pooled| pooled.provides.contains(tag)));
        if !valid.provides.is_empty() && waiting(&valid.provides) {
            return Err(SubmitError::TooLowPriority);
        }
        let status = if waiting(&valid.requires) { Status::Ready } else { Status::Future };
        let pooled = Pooled { bytes, hash, provides: valid.provides, watchers: watcher.into_iter().collect() };
        pooled.tell(status);
        self.pool.push(pooled);
        Ok(hash)
    }

    /// Makes a block on the best one.
    pub(super) fn new_block(&mut self) -> Result<Head, CallError> {
        let waiting = self.pool.clone();
        let pool = std::mem::take(&mut self.pool);
        match self.build(&Arc::clone(&self.best), pool) {
            Ok(block) => self.adopt(block),
            Err(error) => {
                self.pool = waiting;
                return Err(error);
            }
        }
        Ok(self.best())
    }

    /// Replaces the last blocks of the best chain by as many others and one more, as a longer fork does. Their
    /// transactions go back to the pool, and into the new blocks unless they are to be lost.
    pub(super) fn reorg(&mut self, depth: u32, lose_transactions: bool) -> Result<Head, CallError> {
        let best = *self.best.header.number();
        let depth = depth.min(best.saturating_sub(self.finalized));
        let ancestor = self.chain.get(&(best - depth)).and_then(|hash| self.blocks.get(hash)).cloned();
        let Some(mut parent) = ancestor else {
            return Ok(self.best());
        };
        self.chain.split_off(&(best - depth + 1));
        let (kept, retracted): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.included).into_iter().partition(|(head, _)| head.number <= best - depth);
        self.included = kept;
        for (head, pooled) in &retracted {
            pooled.tell(Status::Retracted(head.hash));
        }
        let mut pool: Vec<Pooled> = Vec::new();
        if !lose_transactions {
            pool.extend(retracted.into_iter().map(|(_, pooled)| pooled));
        }
        pool.append(&mut self.pool);
        for _ in 0..=depth {
            let block = self.build(&parent, std::mem::take(&mut pool))?;
            pool = std::mem::take(&mut self.pool);
            self.keep(&block);
            parent = block;
        }
        self.pool = pool;
        self.adopt(parent);
        Ok(self.best())
    }

    fn now_ms(&mut self, parent: &Block) -> u64 {
        match self.pace {
            // A fork's blocks have another time than those they replace, and so another hash.
            Pace::Manual => {
                self.time_ms += 1;
                let base = self.time_ms.saturating_add(u64::from(*parent.header.number()) * MANUAL_STEP_MS);
                base.saturating_add(MANUAL_STEP_MS)
            }
            Pace::Every(_) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
                self.time_ms = now.max(self.time_ms + 1);
                self.time_ms
            }
        }
    }

    fn build(&mut self, parent: &Arc<Block>, pool: Vec<Pooled>) -> Result<Arc<Block>, CallError> {
        let now = self.now_ms(parent);
        let number = parent.header.number() + 1;
        let header = Header::new(number, H256::zero(), H256::zero(), parent.hash(), Digest::default());
        let mut inherents = InherentData::new();
        // It can only fail if the name was given twice.
        let _ = inherents.put_data(*b"timstap0", &now);

        let mut change = self.nodes.change(parent.root());
        change.call::<sp_runtime::ExtrinsicInclusionMode>("Core_initialize_block", &header.encode())?;
        for intervention in std::mem::take(&mut self.interventions) {
            change.disturb(intervention)?;
        }
        let mut extrinsics: Vec<Vec<u8>> = Vec::new();
        for inherent in
            change.call::<Vec<UncheckedExtrinsic>>("BlockBuilder_inherent_extrinsics", &inherents.encode())?
        {
            let bytes = inherent.encode();
            let _ = change.attempt::<Result<(), DispatchError>, TransactionValidityError>(APPLY, &bytes)?;
            extrinsics.push(bytes);
        }
        let (mut included, mut waiting) = (Vec::new(), Vec::new());
        for pooled in pool {
            match change.attempt::<Result<(), DispatchError>, TransactionValidityError>(APPLY, &pooled.bytes) {
                Ok(Ok(_)) => {
                    extrinsics.push(pooled.bytes.clone());
                    included.push(pooled);
                }
                Ok(Err(TransactionValidityError::Invalid(
                    InvalidTransaction::Future | InvalidTransaction::ExhaustsResources,
                ))) => waiting.push(pooled),
                Ok(Err(_)) | Err(_) => pooled.tell(Status::Invalid),
            }
        }
        for upgrade in std::mem::take(&mut self.upgrades) {
            change.run(|| upgrade.enact());
        }
        let header = change.call::<Header>("BlockBuilder_finalize_block", &[])?;
        change.commit().map_err(|_| CallError::Failed)?;

        let block = Arc::new(Block { header, extrinsics });
        let head = Head { number, hash: block.hash() };
        for pooled in included {
            pooled.tell(Status::InBlock(head.hash));
            self.included.push((head, pooled));
        }
        self.pool.extend(waiting);
        Ok(block)
    }

    fn keep(&mut self, block: &Arc<Block>) {
        self.chain.insert(*block.header.number(), block.hash());
        self.blocks.insert(block.hash(), Arc::clone(block));
    }

    fn adopt(&mut self, block: Arc<Block>) {
        self.keep(&block);
        self.best = Arc::clone(&block);
        // Nobody may be listening.
        let _ = self.news.send(News::Best(block));
        self.finalise();
        self.forget();
        if let Some(path) = &self.state_file
            && let Err(error) = snapshot::save(path, self.genesis_hash(), &self.best, &self.nodes)
        {
            tracing::error!(%error, path = %path.display(), "Could not keep the chain's state");
        }
    }

    fn finalise(&mut self) {
        let until = self.best.header.number().saturating_sub(self.finality_lag);
        while self.finalized < until {
            self.finalized += 1;
            let block = self.chain.get(&self.finalized).and_then(|hash| self.blocks.get(hash));
            if let Some(block) = block.cloned() {
                let _ = self.news.send(News::Final(block));
            }
        }
        let (finalized, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.included).into_iter().partition(|(head, _)| head.number <= self.finalized);
        self.included = waiting;
        for (head, pooled) in finalized {
            pooled.tell(Status::Finalized(head.hash));
        }
    }

    /// Forgets blocks and states that are older than the history, and forks with them.
    fn forget(&mut self) {
        let number = *self.best.header.number();
        let oldest = number.saturating_sub(self.history).min(self.finalized);
        self.chain.retain(|number, _| *number == 0 || *number >= oldest);
        let genesis = self.genesis_hash();
        self.blocks.retain(|hash, block| *hash == genesis || *block.header.number() >= oldest);
        if number.is_multiple_of(SWEEP_EVERY) {
            let roots: Vec<H256> = self
                .blocks
                .values()
                .filter(|block| *block.header.number() >= oldest)
                .map(|block| block.root())
                .collect();
            self.nodes.sweep(roots);
        }
    }
}

const APPLY: &str = "BlockBuilder_apply_extrinsic";
