//! What a transaction did, as the events of its block say.

use scale_decode::DecodeAsFields;
use subxt::config::SubstrateConfig;
use subxt::events::{Event, Phase};

use crate::block::Block;
use crate::error::{ChainError, of_events, shortened};
use crate::head::{Account, BlockHash};

/// What a transaction did for the account that signed it. Amounts are rao, or the like of a subnet's own token.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Effects {
    /// The fee that was paid.
    pub fee: u64,
    /// The TAO that left the free balance, fee included.
    pub tao_out: u64,
    /// The TAO that came.
    pub tao_in: u64,
    /// The stake that was bought and sold.
    pub trades: Vec<Trade>,
    /// The place that was taken.
    pub uid: Option<u16>,
}

/// Stake that was bought or sold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trade {
    /// Whether it was bought.
    pub bought: bool,
    /// With whom.
    pub hotkey: Account,
    /// The subnet.
    pub netuid: u16,
    /// For how much TAO.
    pub tao: u64,
    /// How much of it.
    pub alpha: u64,
}

impl Block {
    /// What a transaction in this block did for the account that signed it. Nothing if it is not in this block.
    ///
    /// # Errors
    /// If there is no answer, or an event is not as it is known.
    pub async fn effects(&self, transaction: BlockHash, account: &Account) -> Result<Option<Effects>, ChainError> {
        let Some(place) = self.place_of(transaction).await? else { return Ok(None) };
        let events = self.at.events().fetch().await.map_err(|error| of_events(&error, &self.number()))?;
        let mut effects = Effects::default();
        for event in events.iter() {
            let event = event.map_err(|error| of_events(&error, &self.number()))?;
            if event.phase() == Phase::ApplyExtrinsic(place) {
                effects.add(&event, account)?;
            }
        }
        Ok(Some(effects))
    }
}

impl Effects {
    /// Events are found by name: their numbers differ between runtimes.
    fn add(&mut self, event: &Event<'_, SubstrateConfig>, account: &Account) -> Result<(), ChainError> {
        let own = |(who, amount): (Account, u64)| if who == *account { amount } else { 0 };
        match (event.pallet_name(), event.event_name()) {
            ("Balances", "Withdraw" | "Burned" | "Reserved") => self.tao_out += own(fields(event)?),
            ("Balances", "Deposit" | "Minted" | "Unreserved") => self.tao_in += own(fields(event)?),
            ("Balances", "Transfer") => {
                let (from, to, amount): (Account, Account, u64) = fields(event)?;
                self.tao_out += own((from, amount));
                self.tao_in += own((to, amount));
            }
            ("TransactionPayment", "TransactionFeePaid") => {
                let (who, fee, _tip): (Account, u64, u64) = fields(event)?;
                self.fee += own((who, fee));
            }
            ("SubtensorModule", "NeuronRegistered") => {
                let (_netuid, uid, _hotkey): (u16, u16, Account) = fields(event)?;
                self.uid = Some(uid);
            }
            ("SubtensorModule", name @ ("StakeAdded" | "StakeRemoved")) => {
                let (who, hotkey, tao, alpha, netuid, _): (Account, Account, u64, u64, u16, u64) = fields(event)?;
                if who == *account {
                    self.trades.push(Trade { bought: name == "StakeAdded", hotkey, netuid, tao, alpha });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn fields<T: DecodeAsFields>(event: &Event<'_, SubstrateConfig>) -> Result<T, ChainError> {
    event.decode_fields_unchecked_as().map_err(|error| ChainError::Malformed {
        what: "the events of a block",
        problem: shortened(&error.to_string()),
    })
}
