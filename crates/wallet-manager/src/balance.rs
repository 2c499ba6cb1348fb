//! What the coldkey holds now, and what it is worth.

use bittensor::ss58;
use chain::{Account, Block, ChainError, StakePosition};
use common::call::wallet::balance::{Balance, RegistrationPrice, Stake};
use common::id::{Netuid, Ss58};
use common::money::{AlphaRao, Rao};

use crate::quote::price::{ONE, worth};
use crate::quote::registration_cost;

/// A day in milliseconds.
const DAY_MS: u128 = 24 * 3600 * 1000;

/// Whose balance it is, and what else is told with it.
pub(crate) struct Holder<'a> {
    pub(crate) coldkey: &'a Account,
    pub(crate) hotkey: Option<&'a Ss58>,
    /// The subnets that are mined on.
    pub(crate) netuids: &'a [Netuid],
    /// Time from block to block, in milliseconds.
    pub(crate) block_ms: u64,
}

/// Reads what a coldkey holds at a block.
///
/// # Errors
/// If there is no answer.
pub(crate) async fn balance(block: &Block, holder: &Holder<'_>) -> Result<Balance, ChainError> {
    let (account, positions) = tokio::join!(block.balance(holder.coldkey), block.stakes(holder.coldkey));
    let (account, positions) = (account?, positions?);
    let mut stakes = Vec::new();
    for position in &positions {
        stakes.push(stake(block, holder, position).await?);
    }
    let mut registrations = Vec::new();
    for netuid in holder.netuids {
        registrations.push(registration(block, *netuid, holder.hotkey).await?);
    }
    let sum = stakes.iter().fold(0_u64, |sum, stake| sum.saturating_add(stake.sold.0));
    Ok(Balance {
        block: block.number(),
        coldkey: ss58::encode(holder.coldkey),
        free: Rao(account.free),
        reserved: Rao(account.reserved),
        stake_value: Rao(sum),
        stakes,
        registrations,
    })
}

async fn stake(block: &Block, holder: &Holder<'_>, position: &StakePosition) -> Result<Stake, ChainError> {
    let netuid = position.netuid;
    let price = if netuid == 0 { ONE } else { block.alpha_price_rao(netuid).await? };
    let sold = block.selling(netuid, position.stake).await?;
    let tempo = if netuid == 0 { 0 } else { block.tempo(netuid).await? };
    let collateral = block.collateral(netuid, &position.hotkey, &position.coldkey).await?;
    Ok(Stake {
        hotkey: ss58::encode(&position.hotkey),
        netuid: Netuid(netuid),
        alpha: AlphaRao(position.stake),
        collateral: collateral.map(AlphaRao),
        price: Rao(price),
        value: Rao(worth(position.stake, price)),
        sold: Rao(sold.get),
        exact: sold.exact,
        emission_per_epoch: AlphaRao(position.emission),
        emission_per_day: AlphaRao(per_day(position.emission, tempo, holder.block_ms)),
    })
}

/// What a day of epochs like the last one brings. An epoch lasts one block longer than the tempo.
fn per_day(emission: u64, tempo: u16, block_ms: u64) -> u64 {
    let epoch_ms = (u128::from(tempo) + 1) * u128::from(block_ms);
    if tempo == 0 || epoch_ms == 0 {
        return 0;
    }
    u64::try_from(u128::from(emission) * DAY_MS / epoch_ms).unwrap_or(u64::MAX)
}

async fn registration(block: &Block, netuid: Netuid, hotkey: Option<&Ss58>) -> Result<RegistrationPrice, ChainError> {
    let cost = registration_cost(block, netuid.0).await?;
    let uid = match hotkey.and_then(|hotkey| ss58::decode(hotkey.as_str()).ok()) {
        Some(hotkey) => block.uids(&[netuid.0], &hotkey).await?.first().copied().flatten(),
        None => None,
    };
    Ok(RegistrationPrice { netuid, cost, uid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_as_many_epochs_as_fit() {
        // 361 blocks of 12 s: 19.94 epochs a day.
        assert_eq!(per_day(1_000_000_000, 360, 12_000), 19_944_598_337);
        assert_eq!(per_day(u64::MAX, 1, 1), u64::MAX);
        assert_eq!(per_day(5, 0, 12_000), 0);
    }
}
