//! What an operation did, for the caller and for the ledger.

use chain::{Block, ChainError, Effects, Inclusion};
use common::call::wallet::balance::EarningsKind;
use common::call::wallet::operation::{Operation, Receipt};
use common::id::{Netuid, OperationId, Ss58};
use common::money::{AlphaRao, Rao};

use super::{Operations, address};
use crate::ledger::NewEntry;
use crate::quote::price::ONE;

impl Operations {
    /// Reads what an operation did.
    pub(super) async fn receipt(
        &self,
        id: OperationId,
        operation: &Operation,
        inclusion: &Inclusion,
    ) -> Result<(Receipt, Vec<NewEntry>), ChainError> {
        let block = self.client.at_number(inclusion.block).await?;
        let effects = block.effects(inclusion.transaction, &self.coldkey).await?.unwrap_or_default();
        let moved = self.moved(operation, &block).await?;
        let receipt = receipt(operation, &effects, moved, inclusion);
        let entries = Entries {
            unix_ms: block.time_ms().await?,
            block: inclusion.block,
            transaction: receipt.transaction.clone(),
            operation: id,
        };
        let mut prices = Vec::new();
        for trade in &effects.trades {
            prices.push(if trade.netuid == 0 { ONE } else { block.alpha_price_rao(trade.netuid).await? });
        }
        Ok((receipt.clone(), entries.of(operation, &effects, &prices, &receipt)))
    }

    /// The stake that came by a move to another hotkey or subnet: its event tells only what it was worth.
    async fn moved(&self, operation: &Operation, block: &Block) -> Result<Option<u64>, ChainError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves stake")]
        let (hotkey, netuid) = match operation {
            Operation::MoveStake { to, to_netuid, .. } => (to, *to_netuid),
            Operation::SwapStake { hotkey, to_netuid, .. } => (hotkey, *to_netuid),
            _ => return Ok(None),
        };
        let Ok(hotkey) = bittensor::ss58::decode(hotkey.as_str()) else { return Ok(None) };
        let before = block.at_number(block.number().saturating_sub(1)).await?;
        let before = before.stake(&self.coldkey, &hotkey, netuid.0).await?;
        Ok(Some(block.stake(&self.coldkey, &hotkey, netuid.0).await?.saturating_sub(before)))
    }
}

/// The receipt of a transaction of which nothing more can be read.
pub(super) fn bare(inclusion: &Inclusion) -> Receipt {
    Receipt {
        block: inclusion.block,
        block_hash: inclusion.hash.to_string(),
        transaction: inclusion.transaction.to_string(),
        ..Receipt::default()
    }
}

fn receipt(operation: &Operation, effects: &Effects, moved: Option<u64>, inclusion: &Inclusion) -> Receipt {
    // A fee that was taken too high at first comes back: only the difference counts.
    let out = effects.tao_out.saturating_sub(effects.fee);
    let sum = |bought| effects.trades.iter().filter(|trade| trade.bought == bought).map(|trade| trade.alpha).sum();
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves stake")]
    let (alpha_in, alpha_out) = match operation {
        Operation::MoveStake { amount, .. } | Operation::SwapStake { amount, .. } => {
            (moved.unwrap_or_default(), amount.0)
        }
        _ => (sum(true), sum(false)),
    };
    Receipt {
        fee: Rao(effects.fee),
        tao_out: Rao(out.saturating_sub(effects.tao_in)),
        tao_in: Rao(effects.tao_in.saturating_sub(out)),
        alpha_in: AlphaRao(alpha_in),
        alpha_out: AlphaRao(alpha_out),
        uid: effects.uid,
        ..bare(inclusion)
    }
}

/// What all entries of one transaction have in common.
struct Entries {
    unix_ms: u64,
    block: u64,
    transaction: String,
    operation: OperationId,
}

impl Entries {
    fn of(&self, operation: &Operation, effects: &Effects, prices: &[u64], receipt: &Receipt) -> Vec<NewEntry> {
        let mut entries = Vec::new();
        if effects.fee > 0 {
            entries.push(self.entry(EarningsKind::Fee, None, None, went(effects.fee), 0));
        }
        match operation {
            Operation::Register { netuid, hotkey, .. } => {
                let spent = went(receipt.tao_out.0);
                entries.push(self.entry(EarningsKind::Registration, Some(*netuid), Some(hotkey), spent, 0));
            }
            Operation::Transfer { .. } => {
                entries.push(self.entry(EarningsKind::Transfer, None, None, went(receipt.tao_out.0), 0));
            }
            Operation::MoveStake { from, to, from_netuid, to_netuid, .. } => {
                entries.extend(self.moved((from, *from_netuid), (to, *to_netuid), receipt));
            }
            Operation::SwapStake { hotkey, from_netuid, to_netuid, .. } => {
                entries.extend(self.moved((hotkey, *from_netuid), (hotkey, *to_netuid), receipt));
            }
            Operation::AddStake { .. }
            | Operation::RemoveStake { .. }
            | Operation::RemoveAllStake { .. }
            | Operation::UnstakeAll { .. }
            | Operation::UnstakeAllAlpha { .. } => {
                entries.extend(effects.trades.iter().zip(prices).map(|(trade, price)| {
                    let (kind, tao, alpha) = if trade.bought {
                        (EarningsKind::StakeAdded, went(trade.tao), came(trade.alpha))
                    } else {
                        (EarningsKind::StakeRemoved, came(trade.tao), went(trade.alpha))
                    };
                    let hotkey = address(&trade.hotkey);
                    let entry = self.entry(kind, Some(Netuid(trade.netuid)), Some(&hotkey), tao, alpha);
                    NewEntry { price: Some(Rao(*price)), ..entry }
                }));
            }
            Operation::RootRegister { .. } | Operation::SetChildkeyTake { .. } | Operation::ClaimRoot { .. } => {}
        }
        entries
    }

    fn moved(&self, from: (&Ss58, Netuid), to: (&Ss58, Netuid), receipt: &Receipt) -> [NewEntry; 2] {
        [
            self.entry(EarningsKind::StakeMoved, Some(from.1), Some(from.0), 0, went(receipt.alpha_out.0)),
            self.entry(EarningsKind::StakeMoved, Some(to.1), Some(to.0), 0, came(receipt.alpha_in.0)),
        ]
    }

    fn entry(
        &self,
        kind: EarningsKind,
        netuid: Option<Netuid>,
        hotkey: Option<&Ss58>,
        tao: i64,
        alpha: i64,
    ) -> NewEntry {
        NewEntry {
            unix_ms: self.unix_ms,
            block: self.block,
            kind,
            netuid,
            hotkey: hotkey.cloned(),
            tao,
            alpha,
            price: None,
            transaction: Some(self.transaction.clone()),
            operation: Some(self.operation),
        }
    }
}

fn came(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn went(amount: u64) -> i64 {
    -came(amount)
}
