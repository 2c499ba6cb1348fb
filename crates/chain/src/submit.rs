//! Sends a transaction once. When its fate becomes unknown, the chain is searched for it; only the very same bytes are ever
//! sent again, so that nothing can happen twice.

use std::time::Duration;

use bittensor::keys::Keypair;
use subxt::config::SubstrateConfig;
use subxt::error::DispatchError;
use subxt::events::Phase;
use subxt::transactions::{SubmittableTransaction, TransactionProgress, TransactionStatus};
use tokio::time::{Instant, timeout_at};

use crate::block::Block;
use crate::calls::Call;
use crate::client::Client;
use crate::error::{Cause, ChainError, Pooled, Refusal, Stage, of_events, of_rpc, pooled, shortened};
use crate::hashing::blake2_256;
use crate::head::BlockHash;
use crate::transaction::{AtBlockClient, Signed};

/// How sure is sure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// In the best chain: quick, but the block may still be replaced by another, with or without the transaction.
    Best,
    /// In a finalized block: it stays.
    Finalized,
}

/// A transaction that is in a block and did what it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inclusion {
    /// The block's height.
    pub block: u64,
    /// The block's hash.
    pub hash: BlockHash,
    /// The transaction's hash.
    pub transaction: BlockHash,
}

/// What is done about a transaction that the chain has not got yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Again {
    /// The very same bytes are sent again.
    Send,
    /// Nothing: somebody else sends it.
    Look,
}

/// A look at the chain for a transaction.
enum Found {
    /// It is there, and worked.
    Here(Inclusion),
    /// Its number is still free.
    NotYet,
}

impl Client {
    /// Signs a call, sends it, and waits until it is in a block and has worked.
    ///
    /// # Errors
    /// What the chain has against it; or, after `patience`, that its fate is unknown. Whatever is answered but
    /// [`ChainError::FateUnknown`], it is certain that it did not and will not take effect.
    pub async fn submit(
        &self,
        call: &Call,
        key: &Keypair,
        until: Until,
        patience: Duration,
    ) -> Result<Inclusion, ChainError> {
        let _one_at_a_time = self.sending.lock().await;
        let signed = self.prepare(call, &key.public()).await?.sign(key)?;
        tracing::info!(call = call.name(), transaction = %signed.hash, nonce = signed.nonce, "Sending a transaction");
        self.send(&signed, until, patience).await
    }

    /// Sends a transaction for the first time, and waits until it is in a block and has worked.
    ///
    /// # Errors
    /// As [`Self::submit`]. Of a transaction that may have been sent before, [`Self::settle`] tells the truth and this does not.
    pub async fn send(&self, signed: &Signed, until: Until, patience: Duration) -> Result<Inclusion, ChainError> {
        let deadline = Instant::now() + patience;
        let transaction = self.at_best()?.at.tx().from_bytes(signed.bytes.clone());
        let watched = timeout_at(deadline, self.watched(&transaction, signed, until)).await;
        match watched {
            Ok(Ok(Some(inclusion))) => Ok(inclusion),
            Ok(Err(error)) => Err(error),
            Ok(Ok(None)) => self.look_for(signed, until, deadline, Again::Send).await,
            Err(_) => self.look_for(signed, until, Instant::now() + Duration::from_secs(1), Again::Send).await,
        }
    }

    /// Finds out what became of a transaction that may have been sent. With [`Again::Send`] the very same bytes are handed in
    /// again while the chain has not got them.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub async fn settle(
        &self,
        signed: &Signed,
        until: Until,
        patience: Duration,
        again: Again,
    ) -> Result<Inclusion, ChainError> {
        self.look_for(signed, until, Instant::now() + patience, again).await
    }

    /// Hands it in and follows it. Nothing comes back if its trace is lost.
    async fn watched(
        &self,
        transaction: &SubmittableTransaction<SubstrateConfig, AtBlockClient>,
        signed: &Signed,
        until: Until,
    ) -> Result<Option<Inclusion>, ChainError> {
        let mut progress: TransactionProgress<_, _> = match transaction.submit_and_watch().await {
            Ok(progress) => progress,
            Err(error) => match pooled(&error) {
                Pooled::Refused(refusal) => return Err(refusal.into()),
                Pooled::AlreadyThere => return Ok(None),
                Pooled::Unknown(error) => {
                    tracing::warn!(%error, transaction = %signed.hash, "Cannot tell whether the node took the transaction");
                    return Ok(None);
                }
            },
        };
        while let Some(status) = progress.next().await {
            let block = match (status, until) {
                (Ok(TransactionStatus::InBestBlock(block)), Until::Best)
                | (Ok(TransactionStatus::InFinalizedBlock(block)), _) => block,
                (Ok(TransactionStatus::InBestBlock(_)), Until::Finalized)
                | (
                    Ok(
                        TransactionStatus::Validated
                        | TransactionStatus::Broadcasted
                        | TransactionStatus::NoLongerInBestBlock,
                    ),
                    _,
                ) => continue,
                // The pool's opinion, not the chain's: it may be in a block all the same.
                (
                    Ok(
                        TransactionStatus::Error { .. }
                        | TransactionStatus::Invalid { .. }
                        | TransactionStatus::Dropped { .. },
                    )
                    | Err(_),
                    _,
                ) => return Ok(None),
            };
            let Ok(at) = block.at().await else { return Ok(None) };
            // It is in a block: only its trace may be lost now.
            let Ok(current) = self.at_best() else { return Ok(None) };
            let head = crate::head::Head {
                number: at.block_number(),
                hash: at.block_hash().into(),
                parent: BlockHash([0; 32]),
                time_ms: None,
                seen: std::time::Instant::now(),
            };
            let runtime = std::sync::Arc::clone(current.shared_runtime());
            let block = Block::new(current.connection, at, head, runtime);
            return match block.outcome(signed).await {
                Ok(Some(outcome)) => outcome.map(Some).map_err(ChainError::from),
                // Events could not be read just now.
                Ok(None) | Err(_) => Ok(None),
            };
        }
        Ok(None)
    }

    /// Looks for a transaction whose trace was lost, head by head, until its fate is certain.
    async fn look_for(
        &self,
        signed: &Signed,
        until: Until,
        deadline: Instant,
        again: Again,
    ) -> Result<Inclusion, ChainError> {
        let unknown = || ChainError::FateUnknown { hash: signed.hash, nonce: signed.nonce, until: signed.dies };
        let mut known = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(unknown());
            }
            let Ok(best) = self.after(known, left).await else { return Err(unknown()) };
            known = Some(best.head().hash);
            let block = match until {
                Until::Best => Ok(best),
                Until::Finalized => self.at_finalized().await,
            };
            let looked = match block {
                Ok(block) => self.look(&block, signed).await,
                Err(error) => Err(error),
            };
            match looked {
                Ok(Found::Here(inclusion)) => return Ok(inclusion),
                Ok(Found::NotYet) => match again {
                    Again::Send => self.again(signed).await,
                    Again::Look => {}
                },
                Err(error) if error.is_of_the_node() => {
                    tracing::debug!(%error, "Could not look for a transaction");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks for a transaction in the chain that ends with a block.
    async fn look(&self, block: &Block, signed: &Signed) -> Result<Found, ChainError> {
        let nonce = u64::from(block.account(&signed.account).await?.nonce);
        if nonce <= signed.nonce {
            return if block.number() >= signed.dies {
                Err(ChainError::Expired { expired_at: signed.dies })
            } else {
                Ok(Found::NotYet)
            };
        }
        // Its number is used up: by itself, or by another.
        let last = block.number().min(signed.dies);
        let mut unread = None;
        for number in (signed.born.saturating_add(1)..=last).rev() {
            let Some(hash) = block.hash_of(number).await? else {
                unread = Some(number);
                continue;
            };
            let body = block.connection.methods.chain_get_block(Some(hash.h256())).await;
            let body = body.map_err(|error| of_rpc(&error, "a block", &number))?;
            let Some(body) = body else {
                unread = Some(number);
                continue;
            };
            if body.block.extrinsics.iter().any(|bytes| blake2_256(&bytes.0) == signed.hash.0) {
                let there = block.at_number(number).await?;
                if let Some(outcome) = there.outcome(signed).await? {
                    return Ok(Found::Here(outcome?));
                }
            }
        }
        match unread {
            // It may be in there.
            Some(number) => Err(ChainError::UnknownBlock { block: number.to_string() }),
            None => Err(ChainError::Superseded { nonce: signed.nonce }),
        }
    }

    /// Sends the very same bytes to whatever node there is now: the first one may have taken them with it.
    async fn again(&self, signed: &Signed) {
        let Ok(block) = self.at_best() else { return };
        match block.connection.methods.author_submit_extrinsic(&signed.bytes).await {
            Ok(_) => tracing::info!(transaction = %signed.hash, "Handed the same transaction to the node again"),
            // Mostly: it is there already. Whatever it is, the chain decides.
            Err(error) => {
                tracing::debug!(%error, transaction = %signed.hash, "The node did not take the transaction again")
            }
        }
    }
}

impl Block {
    /// What a transaction did in this block. Nothing if it is not in it.
    async fn outcome(&self, signed: &Signed) -> Result<Option<Result<Inclusion, Refusal>>, ChainError> {
        let Some(place) = self.place_of(signed.hash).await? else { return Ok(None) };
        let events = self.at.events().fetch().await.map_err(|error| of_events(&error, &self.number()))?;
        let mut seen = false;
        for event in events.iter() {
            let event = event.map_err(|error| of_events(&error, &self.number()))?;
            if event.phase() != Phase::ApplyExtrinsic(place) {
                continue;
            }
            match (event.pallet_name(), event.event_name()) {
                ("System", "ExtrinsicFailed") => return Ok(Some(Err(self.failure(event.field_bytes())))),
                ("System", "ExtrinsicSuccess") => seen = true,
                _ => {}
            }
        }
        if !seen {
            let problem = "they do not say what became of the transaction".to_owned();
            return Err(ChainError::Malformed { what: "the events of a block", problem });
        }
        let inclusion = Inclusion { block: self.number(), hash: self.head().hash, transaction: signed.hash };
        Ok(Some(Ok(inclusion)))
    }

    /// The place of a transaction among the block's.
    pub(crate) async fn place_of(&self, hash: BlockHash) -> Result<Option<u32>, ChainError> {
        let body = self.connection.methods.chain_get_block(Some(self.head().hash.h256())).await;
        let body = body.map_err(|error| of_rpc(&error, "a block", &self.number()))?;
        let bodies = body.map(|body| body.block.extrinsics).unwrap_or_default();
        let place = bodies.iter().position(|bytes| blake2_256(&bytes.0) == hash.0);
        Ok(place.map(|place| u32::try_from(place).unwrap_or(u32::MAX)))
    }

    fn failure(&self, bytes: &[u8]) -> Refusal {
        let (cause, name) = match DispatchError::decode_from(bytes, self.at.metadata()) {
            Ok(DispatchError::Module(error)) => match error.details() {
                Ok(details) => {
                    let (pallet, name) = (details.pallet.name(), details.variant.name.as_str());
                    (Cause::of_dispatch(pallet, name), format!("{pallet}.{name}"))
                }
                Err(_) => (Cause::Other, error.details_string()),
            },
            Ok(DispatchError::Token(error)) => (Cause::BalanceTooLow, error.to_string()),
            Ok(DispatchError::Exhausted | DispatchError::Unavailable) => (Cause::Full, "exhausted".to_owned()),
            Ok(other) => (Cause::Other, other.to_string()),
            Err(error) => (Cause::Other, shortened(&error.to_string())),
        };
        Refusal { stage: Stage::Block, cause, name: shortened(&name) }
    }
}
