//! What an account holds and what exchanging it would bring. Amounts are rao, or the like of a subnet's own token.

use codec::Encode;
use scale_decode::DecodeAsType;
use scale_value::Value;

use crate::block::Block;
use crate::error::ChainError;
use crate::head::Account;
use crate::shapes::known;

/// What a pool takes when its runtime does not say: 196 of 65535, about 0.3 %.
const USUAL_FEE: (u128, u128) = (196, 65_535);

/// What an account holds in TAO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccountBalance {
    /// What can be spent.
    pub free: u64,
    /// What the chain holds back.
    pub reserved: u64,
}

/// Stake of one coldkey with one hotkey on one subnet.
#[derive(Clone, Copy, Debug, DecodeAsType, Eq, PartialEq)]
pub struct StakePosition {
    /// With whom.
    pub hotkey: Account,
    /// Whose.
    pub coldkey: Account,
    /// The subnet.
    pub netuid: u16,
    /// How much.
    pub stake: u64,
    /// What the hotkey was given in its last epoch on the subnet.
    pub emission: u64,
    /// Whether the hotkey has a place on the subnet.
    pub is_registered: bool,
}

/// What an exchange would bring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// What comes.
    pub get: u64,
    /// Whether the chain's own simulation said so; else it was estimated from the pool's reserves.
    pub exact: bool,
}

#[derive(DecodeAsType)]
struct Simulated {
    tao_amount: u64,
    alpha_amount: u64,
}

#[derive(DecodeAsType)]
struct RawCollateral {
    locked: u64,
}

impl Block {
    /// What an account holds in TAO.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn balance(&self, account: &Account) -> Result<AccountBalance, ChainError> {
        let account = self.account(account).await?;
        Ok(AccountBalance { free: account.data.free, reserved: account.data.reserved })
    }

    /// All stake of a coldkey.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn stakes(&self, coldkey: &Account) -> Result<Vec<StakePosition>, ChainError> {
        let positions: Vec<StakePosition> = self.api_of(&known::STAKES, &coldkey.encode()).await?;
        Ok(positions.into_iter().filter(|position| position.stake > 0).collect())
    }

    /// A coldkey's stake with one hotkey on one subnet.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn stake(&self, coldkey: &Account, hotkey: &Account, netuid: u16) -> Result<u64, ChainError> {
        let positions = self.stakes(coldkey).await?;
        let here = |position: &&StakePosition| position.hotkey == *hotkey && position.netuid == netuid;
        Ok(positions.iter().find(here).map_or(0, |position| position.stake))
    }

    /// Whether the subnet takes new neurons in.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn registration_allowed(&self, netuid: u16) -> Result<bool, ChainError> {
        self.value(&known::REGISTRATION_ALLOWED, vec![netuid.into()]).await
    }

    /// What part of a registration's price is locked instead of burned: 65535 is all.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn collateral_share(&self, netuid: u16) -> Result<u16, ChainError> {
        match self.value(&known::COLLATERAL_SHARE, vec![netuid.into()]).await {
            Err(ChainError::Unsupported { .. }) => Ok(0),
            share => share,
        }
    }

    /// The alpha that is locked as a miner's collateral; none where the runtime knows no collateral.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn collateral(
        &self,
        netuid: u16,
        hotkey: &Account,
        coldkey: &Account,
    ) -> Result<Option<u64>, ChainError> {
        let key = vec![netuid.into(), Value::from_bytes(hotkey), Value::from_bytes(coldkey)];
        match self.optional::<RawCollateral>(&known::COLLATERAL, key).await {
            Ok(found) => Ok(Some(found.map_or(0, |found| found.locked))),
            Err(ChainError::Unsupported { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What buying a subnet's token with so much TAO would bring.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn buying(&self, netuid: u16, tao: u64) -> Result<Exchange, ChainError> {
        if netuid == 0 {
            return Ok(Exchange { get: tao, exact: true });
        }
        match self.api_of::<Simulated>(&known::SIMULATED_BUY, &(netuid, tao).encode()).await {
            Ok(simulated) => Ok(Exchange { get: simulated.alpha_amount, exact: true }),
            Err(ChainError::Unsupported { .. }) => {
                let (tao_in, alpha_in) = self.reserves(netuid).await?;
                Ok(Exchange { get: by_reserves(tao, tao_in, alpha_in), exact: false })
            }
            Err(error) => Err(error),
        }
    }

    /// What selling so much of a subnet's token would bring.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn selling(&self, netuid: u16, alpha: u64) -> Result<Exchange, ChainError> {
        if netuid == 0 {
            return Ok(Exchange { get: alpha, exact: true });
        }
        match self.api_of::<Simulated>(&known::SIMULATED_SALE, &(netuid, alpha).encode()).await {
            Ok(simulated) => Ok(Exchange { get: simulated.tao_amount, exact: true }),
            Err(ChainError::Unsupported { .. }) => {
                let (tao_in, alpha_in) = self.reserves(netuid).await?;
                Ok(Exchange { get: by_reserves(alpha, alpha_in, tao_in), exact: false })
            }
            Err(error) => Err(error),
        }
    }

    async fn reserves(&self, netuid: u16) -> Result<(u64, u64), ChainError> {
        let tao = self.value(&known::POOL_TAO, vec![netuid.into()]).await?;
        Ok((tao, self.value(&known::POOL_ALPHA, vec![netuid.into()]).await?))
    }
}

/// What a pool of two reserves whose product stays the same gives for an amount, after the usual fee.
fn by_reserves(give: u64, theirs: u64, ours: u64) -> u64 {
    let (fee, of) = USUAL_FEE;
    let paid = u128::from(give).saturating_sub(u128::from(give) * fee / of);
    let after = u128::from(theirs).saturating_add(paid);
    if after == 0 {
        return 0;
    }
    u64::try_from(u128::from(ours).saturating_mul(paid) / after).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_gives_less_than_its_price_and_never_more_than_it_has() {
        // 1 TAO for 2 alpha; a hundredth of the pool.
        assert_eq!(by_reserves(1_000, 100_000, 200_000), 1_976);
        assert!(by_reserves(u64::MAX, 1, u64::MAX) < u64::MAX);
        assert_eq!(by_reserves(0, 0, 5), 0);
    }
}
