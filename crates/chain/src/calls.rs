//! The calls the suite makes: what each is named and what its arguments are.

use scale_value::{Composite, Value};
use subxt::transactions::{DynamicPayload, dynamic};

use crate::axon::{Axon, Certificate, number};
use crate::head::Account;
use crate::shapes::known;

/// Something a key can ask the chain to do. Amounts are in the smallest units, rao and its like for alpha; prices are rao
/// for 1 alpha.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Publishes where a hotkey is reached. Signed by the hotkey; costs nothing.
    ServeAxon {
        /// The subnet.
        netuid: u16,
        /// Where.
        axon: Axon,
    },
    /// The same, with a TLS key.
    ServeAxonTls {
        /// The subnet.
        netuid: u16,
        /// Where.
        axon: Axon,
        /// The TLS key.
        certificate: Certificate,
    },
    /// Buys a place at whatever it costs.
    BurnedRegister {
        /// The subnet.
        netuid: u16,
        /// For whom.
        hotkey: Account,
    },
    /// Buys a place if it costs no more than that.
    RegisterLimit {
        /// The subnet.
        netuid: u16,
        /// For whom.
        hotkey: Account,
        /// The highest price, in rao.
        limit_price: u64,
    },
    /// Registers on the root network.
    RootRegister {
        /// Whom.
        hotkey: Account,
    },
    /// Turns TAO into stake.
    AddStake {
        /// With whom.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much TAO.
        amount_staked: u64,
    },
    /// Turns stake into TAO.
    RemoveStake {
        /// With whom.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much alpha.
        amount_unstaked: u64,
    },
    /// Turns TAO into stake within a price.
    AddStakeLimit {
        /// With whom.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much TAO.
        amount_staked: u64,
        /// The highest price.
        limit_price: u64,
        /// Whether less may be done instead of nothing.
        allow_partial: bool,
    },
    /// Turns stake into TAO within a price.
    RemoveStakeLimit {
        /// With whom.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much alpha.
        amount_unstaked: u64,
        /// The lowest price.
        limit_price: u64,
        /// Whether less may be done instead of nothing.
        allow_partial: bool,
    },
    /// Turns all stake of one hotkey on one subnet into TAO.
    RemoveStakeFullLimit {
        /// With whom.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// The lowest price, if there is one.
        limit_price: Option<u64>,
    },
    /// Moves stake to another hotkey, and perhaps another subnet.
    MoveStake {
        /// From whom.
        origin_hotkey: Account,
        /// To whom.
        destination_hotkey: Account,
        /// From which subnet.
        origin_netuid: u16,
        /// To which.
        destination_netuid: u16,
        /// How much.
        alpha_amount: u64,
    },
    /// Moves stake to another subnet.
    SwapStake {
        /// With whom.
        hotkey: Account,
        /// From which subnet.
        origin_netuid: u16,
        /// To which.
        destination_netuid: u16,
        /// How much.
        alpha_amount: u64,
    },
    /// Moves stake to another subnet within a price.
    SwapStakeLimit {
        /// With whom.
        hotkey: Account,
        /// From which subnet.
        origin_netuid: u16,
        /// To which.
        destination_netuid: u16,
        /// How much.
        alpha_amount: u64,
        /// The worst ratio of prices.
        limit_price: u64,
        /// Whether less may be done instead of nothing.
        allow_partial: bool,
    },
    /// Gives stake to another coldkey.
    TransferStake {
        /// To whom.
        destination_coldkey: Account,
        /// With which hotkey.
        hotkey: Account,
        /// From which subnet.
        origin_netuid: u16,
        /// To which.
        destination_netuid: u16,
        /// How much.
        alpha_amount: u64,
    },
    /// Turns all stake with one hotkey into TAO.
    UnstakeAll {
        /// With whom.
        hotkey: Account,
    },
    /// Turns all stake with one hotkey into stake on the root network.
    UnstakeAllAlpha {
        /// With whom.
        hotkey: Account,
    },
    /// Sets what a hotkey keeps of its parents' stake: 65535 is all.
    SetChildkeyTake {
        /// Whose.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much.
        take: u16,
    },
    /// Gives parts of a hotkey's stake to others: 2^64 - 1 is all.
    SetChildren {
        /// Whose.
        hotkey: Account,
        /// The subnet.
        netuid: u16,
        /// How much to whom.
        children: Vec<(u64, Account)>,
    },
    /// Takes the yield of the root network.
    ClaimRoot {
        /// From which subnets.
        subnets: Vec<u16>,
    },
    /// Gives TAO to another account, and keeps the own one alive.
    TransferKeepAlive {
        /// To whom.
        dest: Account,
        /// How much.
        value: u64,
    },
}

impl Call {
    /// The call's name on the chain.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ServeAxon { .. } => "serve_axon",
            Self::ServeAxonTls { .. } => "serve_axon_tls",
            Self::BurnedRegister { .. } => "burned_register",
            Self::RegisterLimit { .. } => "register_limit",
            Self::RootRegister { .. } => "root_register",
            Self::AddStake { .. } => "add_stake",
            Self::RemoveStake { .. } => "remove_stake",
            Self::AddStakeLimit { .. } => "add_stake_limit",
            Self::RemoveStakeLimit { .. } => "remove_stake_limit",
            Self::RemoveStakeFullLimit { .. } => "remove_stake_full_limit",
            Self::MoveStake { .. } => "move_stake",
            Self::SwapStake { .. } => "swap_stake",
            Self::SwapStakeLimit { .. } => "swap_stake_limit",
            Self::TransferStake { .. } => "transfer_stake",
            Self::UnstakeAll { .. } => "unstake_all",
            Self::UnstakeAllAlpha { .. } => "unstake_all_alpha",
            Self::SetChildkeyTake { .. } => "set_childkey_take",
            Self::SetChildren { .. } => "set_children",
            Self::ClaimRoot { .. } => "claim_root",
            Self::TransferKeepAlive { .. } => "transfer_keep_alive",
        }
    }

    /// What is known of the call's shape.
    pub(crate) fn known(&self) -> Option<&'static known::Call> {
        known::CALLS.iter().find(|call| call.name == self.name())
    }

    /// The call for the library: by names, so that the runtime's own description decides about bytes.
    pub(crate) fn payload(&self) -> DynamicPayload<Composite<()>> {
        let arguments = self.arguments().into_iter().map(|(name, value)| (name.to_owned(), value));
        let pallet = self.known().map_or("SubtensorModule", |call| call.pallet);
        dynamic(pallet, self.name(), Composite::Named(arguments.collect()))
    }

    fn arguments(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::ServeAxon { netuid, axon } => serving(*netuid, axon),
            Self::ServeAxonTls { netuid, axon, certificate } => {
                let mut arguments = serving(*netuid, axon);
                let bytes = std::iter::once(&certificate.algorithm).chain(&certificate.public_key);
                arguments.push(("certificate", Value::from_bytes(bytes.copied().collect::<Vec<_>>())));
                arguments
            }
            Self::BurnedRegister { netuid, hotkey } => vec![("netuid", int(*netuid)), ("hotkey", key(hotkey))],
            Self::RegisterLimit { netuid, hotkey, limit_price } => {
                vec![("netuid", int(*netuid)), ("hotkey", key(hotkey)), ("limit_price", int(*limit_price))]
            }
            Self::RootRegister { hotkey } | Self::UnstakeAll { hotkey } | Self::UnstakeAllAlpha { hotkey } => {
                vec![("hotkey", key(hotkey))]
            }
            Self::AddStake { hotkey, netuid, amount_staked } => {
                vec![("hotkey", key(hotkey)), ("netuid", int(*netuid)), ("amount_staked", int(*amount_staked))]
            }
            Self::RemoveStake { hotkey, netuid, amount_unstaked } => {
                vec![("hotkey", key(hotkey)), ("netuid", int(*netuid)), ("amount_unstaked", int(*amount_unstaked))]
            }
            Self::AddStakeLimit { hotkey, netuid, amount_staked, limit_price, allow_partial } => vec![
                ("hotkey", key(hotkey)),
                ("netuid", int(*netuid)),
                ("amount_staked", int(*amount_staked)),
                ("limit_price", int(*limit_price)),
                ("allow_partial", Value::bool(*allow_partial)),
            ],
            Self::RemoveStakeLimit { hotkey, netuid, amount_unstaked, limit_price, allow_partial } => vec![
                ("hotkey", key(hotkey)),
                ("netuid", int(*netuid)),
                ("amount_unstaked", int(*amount_unstaked)),
                ("limit_price", int(*limit_price)),
                ("allow_partial", Value::bool(*allow_partial)),
            ],
            Self::RemoveStakeFullLimit { hotkey, netuid, limit_price } => {
                vec![("hotkey", key(hotkey)), ("netuid", int(*netuid)), ("limit_price", option(limit_price.map(int)))]
            }
            Self::MoveStake { origin_hotkey, destination_hotkey, origin_netuid, destination_netuid, alpha_amount } => {
                vec![
                    ("origin_hotkey", key(origin_hotkey)),
                    ("destination_hotkey", key(destination_hotkey)),
                    ("origin_netuid", int(*origin_netuid)),
                    ("destination_netuid", int(*destination_netuid)),
                    ("alpha_amount", int(*alpha_amount)),
                ]
            }
            Self::SwapStake { hotkey, origin_netuid, destination_netuid, alpha_amount } => vec![
                ("hotkey", key(hotkey)),
                ("origin_netuid", int(*origin_netuid)),
                ("destination_netuid", int(*destination_netuid)),
                ("alpha_amount", int(*alpha_amount)),
            ],
            Self::SwapStakeLimit {
                hotkey,
                origin_netuid,
                destination_netuid,
                alpha_amount,
                limit_price,
                allow_partial,
            } => vec![
                ("hotkey", key(hotkey)),
                ("origin_netuid", int(*origin_netuid)),
                ("destination_netuid", int(*destination_netuid)),
                ("alpha_amount", int(*alpha_amount)),
                ("limit_price", int(*limit_price)),
                ("allow_partial", Value::bool(*allow_partial)),
            ],
            Self::TransferStake { destination_coldkey, hotkey, origin_netuid, destination_netuid, alpha_amount } => {
                vec![
                    ("destination_coldkey", key(destination_coldkey)),
                    ("hotkey", key(hotkey)),
                    ("origin_netuid", int(*origin_netuid)),
                    ("destination_netuid", int(*destination_netuid)),
                    ("alpha_amount", int(*alpha_amount)),
                ]
            }
            Self::SetChildkeyTake { hotkey, netuid, take } => {
                vec![("hotkey", key(hotkey)), ("netuid", int(*netuid)), ("take", int(*take))]
            }
            Self::SetChildren { hotkey, netuid, children } => {
                let children = children.iter().map(|(part, child)| Value::unnamed_composite([int(*part), key(child)]));
                vec![
                    ("hotkey", key(hotkey)),
                    ("netuid", int(*netuid)),
                    ("children", Value::unnamed_composite(children)),
                ]
            }
            Self::ClaimRoot { subnets } => {
                vec![("subnets", Value::unnamed_composite(subnets.iter().map(|&netuid| int(netuid))))]
            }
            Self::TransferKeepAlive { dest, value } => {
                vec![("dest", Value::unnamed_variant("Id", [key(dest)])), ("value", int(*value))]
            }
        }
    }
}

fn serving(netuid: u16, axon: &Axon) -> Vec<(&'static str, Value)> {
    let (ip, ip_type) = number(axon.ip);
    vec![
        ("netuid", int(netuid)),
        ("version", int(axon.version)),
        ("ip", int(ip)),
        ("port", int(axon.port)),
        ("ip_type", int(ip_type)),
        ("protocol", int(axon.protocol)),
        ("placeholder1", int(0_u8)),
        ("placeholder2", int(0_u8)),
    ]
}

fn int(number: impl Into<u128>) -> Value {
    Value::u128(number.into())
}

fn key(account: &Account) -> Value {
    Value::from_bytes(account)
}

fn option(value: Option<Value>) -> Value {
    match value {
        Some(value) => Value::unnamed_variant("Some", [value]),
        None => Value::unnamed_variant("None", []),
    }
}

#[cfg(test)]
mod tests;
