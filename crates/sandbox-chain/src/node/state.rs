//! The states of all blocks: one map of trie nodes by hash, in which a state is a root.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use codec::{Decode, Encode};
use sp_core::H256;
use sp_core::storage::StateVersion;
use sp_runtime::Storage;
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{
    Backend, DBValue, DefaultError, Ext, IterArgs, OverlayedChanges, TrieBackend, TrieBackendBuilder,
    TrieBackendStorage,
};
use trie_db::NodeCodec as _;
use trie_db::node::{Node, NodeHandle, Value};

use crate::genesis::empty_root;
use crate::runtime;

/// How values are kept in the trie; the runtime's `system_version` says the same.
const VERSION: StateVersion = StateVersion::V1;

type Codec = sp_trie::NodeCodec<sp_core::Blake2Hasher>;

/// The nodes of all kept states.
pub(super) struct Nodes(HashMap<H256, Vec<u8>>);

impl TrieBackendStorage<BlakeTwo256> for Nodes {
    fn get(&self, key: &H256, _: (&[u8], Option<u8>)) -> Result<Option<DBValue>, DefaultError> {
        Ok(self.0.get(key).cloned())
    }
}

/// The runtime panicked, or has no such function: what a node says of a call that its code cannot decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No such function.
    #[error("the runtime has no such function")]
    Unknown,
    /// It failed, mostly because it could not decode its arguments.
    #[error("the runtime function failed")]
    Failed,
    /// It answered what cannot be decoded.
    #[error("the runtime function answered something else")]
    Answer,
}

impl Nodes {
    /// The nodes of a first state, and its root.
    pub(super) fn of(storage: &Storage) -> (Self, H256) {
        let mut nodes = Self(HashMap::from([(empty_root(), vec![0])]));
        let delta = storage.top.iter().map(|(key, value)| (key.as_slice(), Some(value.as_slice())));
        let (root, change) = nodes.at(empty_root()).storage_root(delta, VERSION);
        nodes.add(change);
        (nodes, root)
    }

    /// The nodes of a snapshot.
    pub(super) fn from_parts(parts: Vec<Vec<u8>>) -> Self {
        Self(parts.into_iter().map(|node| (H256(sp_crypto_hashing::blake2_256(&node)), node)).collect())
    }

    fn at(&self, root: H256) -> TrieBackend<&Self, BlakeTwo256> {
        TrieBackendBuilder::new(self, root).build()
    }

    // What a change removes may belong to another block's state, so only `sweep` removes.
    fn add(&mut self, mut change: sp_state_machine::BackendTransaction<BlakeTwo256>) {
        for (key, (node, count)) in change.drain() {
            // The hash is the key's end; before it stands the node's place.
            if count > 0
                && let Some(hash) = key.last_chunk::<32>()
            {
                self.0.insert(H256(*hash), node);
            }
        }
    }

    /// Whether a state is kept.
    pub(super) fn has(&self, root: H256) -> bool {
        self.0.contains_key(&root)
    }

    /// A value.
    pub(super) fn get(&self, root: H256, key: &[u8]) -> Option<Vec<u8>> {
        self.at(root).storage(key).ok().flatten()
    }

    /// Up to `count` keys with this start, after another key.
    pub(super) fn keys(&self, root: H256, prefix: &[u8], after: Option<&[u8]>, count: usize) -> Vec<Vec<u8>> {
        let mut arguments = IterArgs::default();
        arguments.prefix = Some(prefix);
        arguments.start_at = after;
        arguments.start_at_exclusive = true;
        let state = self.at(root);
        state.keys(arguments).map(|keys| keys.filter_map(Result::ok).take(count).collect()).unwrap_or_default()
    }

    /// Runs something on a state; what it changes is lost.
    pub(super) fn read<V>(&self, root: H256, run: impl FnOnce() -> V) -> V {
        let mut overlay = OverlayedChanges::default();
        let state = self.at(root);
        sp_externalities::set_and_run_with_externalities(&mut Ext::new(&mut overlay, &state, None), run)
    }

    /// Calls a runtime API on a state.
    pub(super) fn call(&self, root: H256, method: &str, arguments: &[u8]) -> Result<Vec<u8>, CallError> {
        self.read(root, || guarded(method, arguments))
    }

    /// Begins a state that follows another.
    pub(super) fn change(&mut self, root: H256) -> Change<'_> {
        Change { nodes: self, root, overlay: OverlayedChanges::default() }
    }

    /// Everything that a state consists of, or of which one of several states does.
    pub(super) fn reachable(&self, roots: impl IntoIterator<Item = H256>) -> HashSet<H256> {
        let mut seen = HashSet::new();
        let mut open: Vec<H256> = roots.into_iter().collect();
        while let Some(hash) = open.pop() {
            if seen.insert(hash)
                && let Some(node) = self.0.get(&hash)
            {
                children(node, &mut open);
            }
        }
        seen
    }

    /// Forgets what none of these states consists of.
    pub(super) fn sweep(&mut self, roots: impl IntoIterator<Item = H256>) {
        let mut keep = self.reachable(roots);
        keep.insert(empty_root());
        self.0.retain(|hash, _| keep.contains(hash));
    }

    /// The nodes of one state.
    pub(super) fn parts(&self, root: H256) -> Vec<&Vec<u8>> {
        let mut hashes: Vec<H256> = self.reachable([root, empty_root()]).into_iter().collect();
        hashes.sort_unstable();
        hashes.iter().filter_map(|hash| self.0.get(hash)).collect()
    }

    /// How many nodes there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The hashes that a node names. Values that stand apart are named like nodes, and a value may look like a node; then
/// more is kept than need be.
fn children(node: &[u8], open: &mut Vec<H256>) {
    let mut hash = |bytes: &[u8]| {
        if let Ok(hash) = <[u8; 32]>::try_from(bytes) {
            open.push(H256(hash));
        }
    };
    let mut inline = Vec::new();
    match Codec::decode(node) {
        Ok(Node::Leaf(_, Value::Node(bytes))) => hash(bytes),
        Ok(Node::NibbledBranch(_, children, value) | Node::Branch(children, value)) => {
            if let Some(Value::Node(bytes)) = value {
                hash(bytes);
            }
            for child in children.into_iter().flatten() {
                match child {
                    NodeHandle::Hash(bytes) => hash(bytes),
                    NodeHandle::Inline(bytes) => inline.push(bytes),
                }
            }
        }
        Ok(Node::Extension(_, NodeHandle::Hash(bytes))) => hash(bytes),
        Ok(Node::Extension(_, NodeHandle::Inline(bytes))) => inline.push(bytes),
        Ok(Node::Empty | Node::Leaf(_, Value::Inline(_))) | Err(_) => {}
    }
    for bytes in inline {
        children(bytes, open);
    }
}

/// A state in the making.
pub(super) struct Change<'a> {
    nodes: &'a mut Nodes,
    root: H256,
    overlay: OverlayedChanges<BlakeTwo256>,
}

impl Change<'_> {
    /// Runs something on it.
    pub(super) fn run<V>(&mut self, run: impl FnOnce() -> V) -> V {
        let state = self.nodes.at(self.root);
        sp_externalities::set_and_run_with_externalities(&mut Ext::new(&mut self.overlay, &state, None), run)
    }

    /// Runs something on it that may panic.
    pub(super) fn disturb(&mut self, run: impl FnOnce()) -> Result<(), CallError> {
        self.run(|| catch_unwind(AssertUnwindSafe(run))).map_err(|_| CallError::Failed)
    }

    /// Calls a runtime API on it.
    pub(super) fn call<A: Decode>(&mut self, method: &str, arguments: &[u8]) -> Result<A, CallError> {
        let answer = self.run(|| guarded(method, arguments))?;
        A::decode(&mut answer.as_slice()).map_err(|_| CallError::Answer)
    }

    /// Calls a runtime API on it whose changes only stay if it succeeds.
    pub(super) fn attempt<A: Decode, E: Decode>(
        &mut self,
        method: &str,
        arguments: &[u8],
    ) -> Result<Result<A, E>, CallError>
    where
        Result<A, E>: Decode,
    {
        let before = self.overlay.clone();
        let answer = self.call::<Result<A, E>>(method, arguments);
        if !matches!(answer, Ok(Ok(_))) {
            self.overlay = before;
        }
        answer
    }

    /// Makes it a state like any other, and says its root.
    pub(super) fn commit(mut self) -> Result<H256, DefaultError> {
        let state = TrieBackendBuilder::<_, BlakeTwo256>::new(&*self.nodes, self.root).build();
        let changes = self.overlay.drain_storage_changes(&state, VERSION)?;
        let root = changes.transaction_storage_root;
        self.nodes.add(changes.transaction);
        Ok(root)
    }
}

/// The runtime panics on what it cannot decode, as it does in a node, where the panic stays inside the sandbox of wasm.
fn guarded(method: &str, arguments: &[u8]) -> Result<Vec<u8>, CallError> {
    match catch_unwind(AssertUnwindSafe(|| runtime::call(method, arguments))) {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(CallError::Unknown),
        Err(_) => Err(CallError::Failed),
    }
}

/// A block's header and transactions, and what state it left.
#[derive(Clone, Debug, Decode, Encode)]
pub(super) struct Block {
    /// The header.
    pub(super) header: runtime::Header,
    /// The transactions as they came.
    pub(super) extrinsics: Vec<Vec<u8>>,
}

impl Block {
    /// The header's hash.
    pub(super) fn hash(&self) -> H256 {
        self.header.hash()
    }

    /// The root of the state it left.
    pub(super) fn root(&self) -> H256 {
        self.header.state_root
    }
}
