//! An operation for another machine to sign: as a command for btcli 11, and as an unsigned transaction.

use std::fmt::Write as _;

use chain::{Call, Parts, Unsigned};
use common::call::wallet::operation::{
    Mode, Operation, OperationState, Origin, PerformOperation, Proposal, UnsignedPayload,
};
use common::money::billionths;

use super::{NoStart, Operations, Start, address};
use crate::journal::step::Step;
use crate::quote::{NoQuote, Quoted};

impl Operations {
    /// Writes an operation down for another machine to sign. Policy has no say in it: its coldkey is not ours to guard.
    pub(super) async fn propose(
        &self,
        call: &PerformOperation,
        origin: Origin,
        mut steps: Vec<Step>,
        quoted: &Quoted,
    ) -> Result<Start, NoStart> {
        let proposal = Box::new(self.proposal(&call.operation, &quoted.unsigned)?);
        if call.mode == Mode::DryRun {
            let state = OperationState::Proposed(proposal);
            return Ok(Start::Stays(self.unkept(call, origin, quoted, state)));
        }
        steps.push(Step::Proposed(proposal));
        Ok(Start::Stays(self.write(call.id, steps).await?.view()))
    }

    fn proposal(&self, operation: &Operation, unsigned: &Unsigned) -> Result<Proposal, NoStart> {
        let parts = unsigned.parts().map_err(NoQuote::from)?;
        let call = hex(&parts.call);
        Ok(Proposal {
            btcli: btcli(operation, unsigned.call(), &self.btcli_flags),
            payload: self.payload(unsigned, parts, call.clone()),
            call,
        })
    }

    fn payload(&self, unsigned: &Unsigned, parts: Parts, call: String) -> UnsignedPayload {
        UnsignedPayload {
            address: address(&self.coldkey),
            block_hash: parts.born.to_string(),
            block_number: format!("0x{:08x}", unsigned.born()),
            era: hex(&parts.era),
            genesis_hash: parts.genesis.to_string(),
            method: call,
            nonce: format!("0x{:08x}", unsigned.nonce()),
            spec_version: format!("0x{:08x}", parts.spec_version),
            tip: "0x00".to_owned(),
            transaction_version: format!("0x{:08x}", parts.transaction_version),
            signed_extensions: parts.extensions,
            version: 4,
            signer_payload: hex(&parts.signer_payload),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The command that does an operation. Addresses and numbers need no quotes.
fn btcli(operation: &Operation, call: &Call, flags: &str) -> Option<String> {
    let command = match operation {
        Operation::Register { netuid, hotkey, .. } => {
            format!("tx burned-register --netuid {netuid} --hotkey {hotkey}")
        }
        Operation::RootRegister { hotkey } => format!("tx root-register --hotkey {hotkey}"),
        Operation::AddStake { hotkey, netuid, amount, .. } => {
            let what = format!("--hotkey {hotkey} --netuid {netuid} --amount {}", billionths(amount.0));
            bounded("add", &what, limit_price(call))
        }
        Operation::RemoveStake { hotkey, netuid, amount, .. } => {
            let what = format!("--hotkey {hotkey} --netuid {netuid} --amount {}", billionths(amount.0));
            bounded("remove", &what, limit_price(call))
        }
        Operation::RemoveAllStake { hotkey, netuid, .. } => {
            bounded("remove", &format!("--hotkey {hotkey} --netuid {netuid} --amount all"), limit_price(call))
        }
        Operation::UnstakeAll { hotkey } => format!("stake unstake-all --hotkey {hotkey}"),
        Operation::UnstakeAllAlpha { hotkey } => format!("stake unstake-all-alpha --hotkey {hotkey}"),
        Operation::MoveStake { from, to, from_netuid, to_netuid, amount } => format!(
            "stake move --origin-hotkey {from} --origin-netuid {from_netuid} --dest-hotkey {to} \
             --dest-netuid {to_netuid} --amount {}",
            billionths(amount.0)
        ),
        Operation::SwapStake { hotkey, from_netuid, to_netuid, amount, .. } => format!(
            "stake swap --hotkey {hotkey} --origin-netuid {from_netuid} --dest-netuid {to_netuid} --amount {}",
            billionths(amount.0)
        ),
        Operation::Transfer { to, amount } => format!("tx transfer --dest {to} --amount {}", billionths(amount.0)),
        Operation::SetChildkeyTake { hotkey, netuid, take } => {
            format!("tx set-childkey-take --hotkey {hotkey} --netuid {netuid} --take {take}")
        }
        Operation::ClaimRoot { netuids } => {
            let list: Vec<String> = netuids.iter().map(ToString::to_string).collect();
            format!("tx claim-root --subnets {}", list.join(","))
        }
    };
    let mut line = String::from("btcli ");
    write!(line, "{command} {flags}").ok()?;
    Some(line)
}

fn bounded(verb: &str, what: &str, limit_price: Option<u64>) -> String {
    match limit_price {
        Some(price) => format!("tx {verb}-stake-limit {what} --limit-price-rao {price}"),
        None => format!("stake {verb} {what} --no-slippage-protection"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other calls have no limit on the price")]
fn limit_price(call: &Call) -> Option<u64> {
    match call {
        Call::AddStakeLimit { limit_price, .. } | Call::RemoveStakeLimit { limit_price, .. } => Some(*limit_price),
        Call::RemoveStakeFullLimit { limit_price, .. } => *limit_price,
        _ => None,
    }
}

/// How btcli is told which wallet and which chain; what the shell could take apart is quoted.
pub(crate) fn btcli_flags(path: &str, name: &str, network: &str) -> String {
    format!("--wallet-path {} --wallet {} --network {}", quoted(path), quoted(name), quoted(network))
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_could_take_apart_is_quoted() {
        let flags = btcli_flags("~/.bittensor/wallets", "my miner's; rm -rf", "finney");

        assert_eq!(flags, r"--wallet-path ~/.bittensor/wallets --wallet 'my miner'\''s; rm -rf' --network finney");
    }

    #[test]
    fn a_bound_becomes_the_limit_of_btcli() {
        let hotkey: common::id::Ss58 = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap();
        let operation = Operation::AddStake {
            hotkey: hotkey.clone(),
            netuid: common::id::Netuid(3),
            amount: common::money::Rao(1_500_000_000),
            bound: common::call::wallet::operation::PriceBound::Policy,
        };
        let call = Call::AddStakeLimit {
            hotkey: [0; 32],
            netuid: 3,
            amount_staked: 1_500_000_000,
            limit_price: 77,
            allow_partial: false,
        };

        let command = btcli(&operation, &call, "--network test").unwrap();

        assert_eq!(
            command,
            format!(
                "btcli tx add-stake-limit --hotkey {hotkey} --netuid 3 --amount 1.5 --limit-price-rao 77 --network test"
            )
        );
    }
}
