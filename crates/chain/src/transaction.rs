//! A transaction before it is sent: without its signature, and with it.

use bittensor::keys::Keypair;
use codec::{Compact, Decode, Encode};
use scale_value::Composite;
use subxt::config::{DefaultExtrinsicParamsBuilder, SubstrateConfig};
use subxt::transactions::{DynamicPayload, SignableTransaction};
use subxt::utils::{AccountId32, Era, MultiSignature};

use crate::block::Block;
use crate::calls::Call;
use crate::client::Client;
use crate::error::{ChainError, of_rpc, of_runtime_api, shortened};
use crate::hashing::blake2_256;
use crate::head::{Account, BlockHash, Head};
use crate::signer::KeySigner;

/// So many blocks after the finalized head at which it was made, a transaction is invalid: then its fate is certain.
/// About 6 minutes on finney. A power of two, as the chain wants it.
const MORTAL_BLOCKS: u64 = 32;

pub(crate) type AtBlockClient = subxt::client::OnlineClientAtBlockImpl<SubstrateConfig>;
type Payload = DynamicPayload<Composite<()>>;

/// A transaction that lacks only its signature. It keeps its connection open, so it should not be kept for long.
#[derive(Clone, Debug)]
pub struct Unsigned {
    block: Block,
    call: Call,
    account: Account,
    nonce: u64,
    born: Head,
}

/// A signed transaction and what decides its fate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Its hash.
    pub hash: BlockHash,
    /// Who signed.
    pub account: Account,
    /// Its number within its account.
    pub nonce: u64,
    /// The finalized block it was made at: it cannot be in this one or an earlier one.
    pub born: u64,
    /// The first block in which it is invalid.
    pub dies: u64,
}

/// A transaction without its signature, as another machine needs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parts {
    /// The call, encoded.
    pub call: Vec<u8>,
    /// The very bytes to sign.
    pub signer_payload: Vec<u8>,
    /// Its life, encoded.
    pub era: Vec<u8>,
    /// The block its life begins with.
    pub born: BlockHash,
    /// The first block of the chain.
    pub genesis: BlockHash,
    /// The runtime's version.
    pub spec_version: u32,
    /// The version of the form of transactions.
    pub transaction_version: u32,
    /// The names of what is signed beside the call.
    pub extensions: Vec<String>,
}

impl Client {
    /// Makes a transaction for an account, with its next number. It may be made again for as long as it is not sent.
    ///
    /// # Errors
    /// If the call does not fit the runtime, or there is no answer.
    pub async fn prepare(&self, call: &Call, account: &Account) -> Result<Unsigned, ChainError> {
        let block = self.at_best()?;
        permitted(call, &block)?;
        let born = self.finalized().borrow().unwrap_or(*block.head());
        let what = "the account's next transaction number";
        let nonce = block.connection.methods.system_account_next_index(&AccountId32(*account)).await;
        let nonce = nonce.map_err(|error| of_rpc(&error, what, &block.number()))?;
        Ok(Unsigned { block, call: call.clone(), account: *account, nonce, born })
    }
}

impl Unsigned {
    /// The same transaction with another call, which must be one that the runtime has.
    #[must_use]
    pub fn instead(self, call: Call) -> Self {
        Self { call, ..self }
    }

    /// What it asks the chain to do.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Its number within its account.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// The finalized block it was made at.
    #[must_use]
    pub fn born(&self) -> u64 {
        self.born.number
    }

    /// The first block in which it is invalid.
    #[must_use]
    pub fn dies(&self) -> u64 {
        self.born.number.saturating_add(MORTAL_BLOCKS)
    }

    /// The best block at the time it was made.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// Signs it.
    ///
    /// # Errors
    /// If the call does not fit the runtime.
    pub fn sign(&self, key: &Keypair) -> Result<Signed, ChainError> {
        let payload = self.call.payload();
        let transaction = self.signable(&payload)?.sign(&KeySigner(key)).map_err(|error| self.unencodable(&error))?;
        let bytes = transaction.into_encoded();
        let hash = BlockHash(blake2_256(&bytes));
        Ok(Signed { bytes, hash, account: self.account, nonce: self.nonce, born: self.born(), dies: self.dies() })
    }

    /// What another machine needs to sign it.
    ///
    /// # Errors
    /// If the call does not fit the runtime.
    pub fn parts(&self) -> Result<Parts, ChainError> {
        let payload = self.call.payload();
        let encoded = self.block.at.tx().call_data(&payload).map_err(|error| self.unencodable(&error))?;
        let signer_payload = self.signable(&payload)?.signer_payload().map_err(|error| self.unencodable(&error))?;
        let metadata = self.block.at.metadata_ref();
        let extensions = metadata.extrinsic().transaction_extensions_to_use_for_encoding();
        Ok(Parts {
            call: encoded,
            signer_payload,
            era: Era::mortal(MORTAL_BLOCKS, self.born.number).encode(),
            born: self.born.hash,
            genesis: self.block.connection.genesis,
            spec_version: self.block.runtime().spec_version,
            transaction_version: self.block.runtime().transaction_version,
            extensions: extensions.map(|extension| extension.identifier().to_owned()).collect(),
        })
    }

    /// What it costs, in rao, tip and price aside. Nothing is signed for that.
    ///
    /// # Errors
    /// If there is no answer, or the call does not fit the runtime.
    pub async fn fee_rao(&self) -> Result<u64, ChainError> {
        let payload = self.call.payload();
        // The chain weighs a transaction without looking at who signed it.
        let nobody = MultiSignature::Sr25519([1; 64]);
        let transaction = self
            .signable(&payload)?
            .sign_with_account_and_signature(&AccountId32(self.account), &nobody)
            .map_err(|error| self.unencodable(&error))?;
        let bytes = transaction.into_encoded();
        let what = "TransactionPaymentApi_query_info";
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let arguments = [bytes, length.encode()].concat();
        let answer = self.block.at.runtime_apis().call_raw(what, Some(&arguments)).await;
        let answer = answer.map_err(|error| of_runtime_api(&error, what, &self.block.number()))?;
        // The library expects a fee of 128 bits; this chain's balances have 64.
        <(Compact<u64>, Compact<u64>, u8, u64)>::decode(&mut &*answer)
            .map(|(_, _, _, fee)| fee)
            .map_err(|error| ChainError::Malformed { what, problem: error.to_string() })
    }

    fn signable<'call>(
        &self,
        payload: &'call Payload,
    ) -> Result<SignableTransaction<'call, SubstrateConfig, AtBlockClient, Payload>, ChainError> {
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .nonce(self.nonce)
            .mortal_from_unchecked(MORTAL_BLOCKS, self.born.number, self.born.hash.h256())
            .build();
        self.block.at.tx().create_signable_offline(payload, parameters).map_err(|error| self.unencodable(&error))
    }

    fn unencodable(&self, error: &subxt::error::ExtrinsicError) -> ChainError {
        ChainError::Unencodable { call: self.call.name(), problem: shortened(&error.to_string()) }
    }
}

/// A call that is not as it was known is not made: it could mean something else now.
fn permitted(call: &Call, block: &Block) -> Result<(), ChainError> {
    if let Some(difference) = block.runtime().compatibility.of_call(call.name()) {
        return Err(ChainError::ShapeDiffers(difference.clone()));
    }
    let pallet = call.known().map_or("", |known| known.pallet);
    let pallet = block.at.metadata_ref().pallet_by_name(pallet);
    if pallet.is_some_and(|pallet| pallet.call_variant_by_name(call.name()).is_some()) {
        Ok(())
    } else {
        Err(block.unsupported(call.name()))
    }
}
