//! Reading the chain as it was at one block.

use std::collections::HashMap;
use std::sync::Arc;

use codec::Encode;
use scale_decode::DecodeAsType;
use scale_value::Value;
use subxt::ext::frame_decode::storage::StorageTypeInfo;

use crate::connection::{AtBlock, Connection};
use crate::decoding;
use crate::error::{ChainError, of_rpc, of_runtime_api};
use crate::head::{Account, BlockHash, Head};
use crate::shapes::known::{self, Api, Entry};
use crate::state::Runtime;

/// Most keys asked for at once.
const BATCH: usize = 512;

/// The chain at one block. Cheap to clone. Keeps its connection open, so it should not be kept for long.
#[derive(Clone)]
pub struct Block {
    pub(crate) connection: Arc<Connection>,
    pub(crate) at: AtBlock,
    head: Head,
    runtime: Arc<Runtime>,
}

impl Block {
    pub(crate) fn new(connection: Arc<Connection>, at: AtBlock, head: Head, runtime: Arc<Runtime>) -> Self {
        Self { connection, at, head, runtime }
    }

    /// The same block, known better.
    pub(crate) fn with(self, head: Head) -> Self {
        Self { head, ..self }
    }

    /// Which block this is.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Its height.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.head.number
    }

    /// The runtime's version at this block.
    #[must_use]
    pub fn spec_version(&self) -> u32 {
        self.at.spec_version()
    }

    /// The runtime at the best block through which this one was reached. Of an older block it may be too new.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn shared_runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// Another block over the same connection.
    pub(crate) async fn other(&self, head: Head) -> Result<Self, ChainError> {
        let at = self.connection.at(&head).await?;
        Ok(Self { connection: Arc::clone(&self.connection), at, head, runtime: Arc::clone(&self.runtime) })
    }

    /// Another block of the best chain.
    ///
    /// # Errors
    /// If there is no such block, no answer, or the node has forgotten the block's state.
    pub async fn at_number(&self, number: u64) -> Result<Self, ChainError> {
        let hash = self.hash_of(number).await?.ok_or_else(|| ChainError::UnknownBlock { block: number.to_string() })?;
        let unknown = BlockHash([0; 32]);
        self.other(Head { number, hash, parent: unknown, time_ms: None, seen: std::time::Instant::now() }).await
    }

    /// The hash of a block of the best chain.
    pub(crate) async fn hash_of(&self, number: u64) -> Result<Option<BlockHash>, ChainError> {
        let hash = self.connection.methods.chain_get_block_hash(Some(number.into())).await;
        Ok(hash.map_err(|error| of_rpc(&error, "a block's hash", &number))?.map(BlockHash::from))
    }

    /// What the author's clock said, in milliseconds since 1970.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn time_ms(&self) -> Result<u64, ChainError> {
        self.value(&known::NOW, Vec::new()).await
    }

    /// Whether there is such a subnet.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn subnet_exists(&self, netuid: u16) -> Result<bool, ChainError> {
        self.value(&known::NETWORKS_ADDED, vec![netuid.into()]).await
    }

    /// The place of a hotkey on each of several subnets, in one question.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn uids(&self, netuids: &[u16], hotkey: &Account) -> Result<Vec<Option<u16>>, ChainError> {
        let keys = netuids.iter().map(|&netuid| vec![netuid.into(), Value::from_bytes(hotkey)]).collect();
        self.values(&known::UIDS, keys).await
    }

    /// The price of a place on the subnet, in rao.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn registration_price_rao(&self, netuid: u16) -> Result<u64, ChainError> {
        self.value(&known::BURN, vec![netuid.into()]).await
    }

    /// The price of the subnet's token: rao for 1 alpha (a thousand million of its smallest units).
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn alpha_price_rao(&self, netuid: u16) -> Result<u64, ChainError> {
        self.api(&known::ALPHA_PRICE, netuid).await
    }

    /// The free balance of an account, in rao.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn free_balance_rao(&self, account: &Account) -> Result<u64, ChainError> {
        Ok(self.account(account).await?.data.free)
    }

    pub(crate) async fn account(&self, account: &Account) -> Result<RawAccount, ChainError> {
        self.value(&known::ACCOUNTS, vec![Value::from_bytes(account)]).await
    }

    /// Asks one runtime API about a subnet.
    pub(crate) async fn api<T: DecodeAsType>(&self, api: &Api, netuid: u16) -> Result<T, ChainError> {
        self.api_of(api, &netuid.encode()).await
    }

    /// Asks one runtime API with encoded arguments.
    pub(crate) async fn api_of<T: DecodeAsType>(&self, api: &Api, arguments: &[u8]) -> Result<T, ChainError> {
        let there = self.at.metadata_ref().runtime_api_trait_by_name(api.pallet);
        if there.is_none_or(|there| there.method_by_name(api.name).is_none()) {
            return Err(self.unsupported(api.name));
        }
        let method = format!("{}_{}", api.pallet, api.name);
        let answer = self.at.runtime_apis().call_raw(&method, Some(arguments)).await;
        let answer = answer.map_err(|error| of_runtime_api(&error, api.name, &self.head.number))?;
        decoding::answer(self.at.metadata_ref(), api, &answer)
    }

    /// Reads one value that is always there, or has a default.
    pub(crate) async fn value<T: DecodeAsType>(&self, entry: &Entry, key: Vec<Value>) -> Result<T, ChainError> {
        let missing = || ChainError::Malformed { what: entry.name, problem: "there is no value".to_owned() };
        self.optional(entry, key).await?.ok_or_else(missing)
    }

    /// Reads one value that may be absent.
    pub(crate) async fn optional<T: DecodeAsType>(
        &self,
        entry: &Entry,
        key: Vec<Value>,
    ) -> Result<Option<T>, ChainError> {
        let key = self.key(entry, key)?;
        let answer = self.connection.methods.state_get_storage(&key, Some(self.head.hash.h256())).await;
        let bytes = answer.map_err(|error| of_rpc(&error, entry.name, &self.head.number))?;
        self.decode(entry, bytes.as_deref())
    }

    /// Reads many values of one kind, in as few questions as possible.
    pub(crate) async fn values<T: DecodeAsType>(
        &self,
        entry: &Entry,
        keys: Vec<Vec<Value>>,
    ) -> Result<Vec<Option<T>>, ChainError> {
        let keys = keys.into_iter().map(|key| self.key(entry, key)).collect::<Result<Vec<_>, _>>()?;
        let found = self.raw(entry.name, &keys).await?;
        keys.iter().map(|key| self.decode(entry, found.get(key).map(Vec::as_slice))).collect()
    }

    /// Reads everything that begins with a key's first parts, up to a number of values: each with what its key ends in.
    pub(crate) async fn under<T: DecodeAsType>(
        &self,
        entry: &Entry,
        first: Vec<Value>,
        most: usize,
    ) -> Result<Vec<(Vec<u8>, T)>, ChainError> {
        let prefix = self.key(entry, first)?;
        let at = Some(self.head.hash.h256());
        let most = u32::try_from(most.min(BATCH)).unwrap_or(u32::MAX);
        let keys = self.connection.methods.state_get_keys_paged(&prefix, most, None, at).await;
        let keys = keys.map_err(|error| of_rpc(&error, entry.name, &self.head.number))?;
        let keys: Vec<_> = keys.into_iter().filter(|key| key.starts_with(&prefix)).take(BATCH).collect();
        let found = self.raw(entry.name, &keys).await?;
        let mut values = Vec::new();
        for key in keys {
            if let Some(value) = self.decode(entry, found.get(&key).map(Vec::as_slice))? {
                values.push((key.get(prefix.len()..).unwrap_or_default().to_vec(), value));
            }
        }
        Ok(values)
    }

    async fn raw(&self, what: &'static str, keys: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Vec<u8>>, ChainError> {
        let mut found = HashMap::new();
        for keys in keys.chunks(BATCH) {
            let hash = Some(self.head.hash.h256());
            let answer = self.connection.methods.state_query_storage_at(keys.iter().map(Vec::as_slice), hash).await;
            let sets = answer.map_err(|error| of_rpc(&error, what, &self.head.number))?;
            for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
                if let Some(value) = value {
                    found.insert(key.0, value.0);
                }
            }
        }
        Ok(found)
    }

    fn key(&self, entry: &Entry, parts: Vec<Value>) -> Result<Vec<u8>, ChainError> {
        let metadata = self.at.metadata_ref();
        if metadata.storage_info(entry.pallet, entry.name).is_err() {
            return Err(self.unsupported(entry.name));
        }
        decoding::key(metadata, entry, parts)
    }

    fn decode<T: DecodeAsType>(&self, entry: &Entry, bytes: Option<&[u8]>) -> Result<Option<T>, ChainError> {
        decoding::value(self.at.metadata_ref(), entry, bytes)
    }

    pub(crate) fn unsupported(&self, what: &'static str) -> ChainError {
        ChainError::Unsupported { what, spec_version: self.at.spec_version() }
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block").field("head", &self.head).finish_non_exhaustive()
    }
}

/// What the chain keeps of an account.
#[derive(Debug, DecodeAsType)]
pub(crate) struct RawAccount {
    pub(crate) nonce: u32,
    pub(crate) data: RawBalance,
}

#[derive(Debug, DecodeAsType)]
pub(crate) struct RawBalance {
    pub(crate) free: u64,
    pub(crate) reserved: u64,
}
