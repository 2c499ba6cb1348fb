//! What the suite uses of the runtime, as it is in every version from 293 on, unless it says otherwise.

mod compare;

use super::Purpose;
pub(super) use compare::{error_differs, extensions_differ};

const MODULE: &str = "SubtensorModule";
const ACCOUNT: &str = "[u8; 32]";

/// Whether a runtime may be without it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Needed {
    /// Nothing goes without it.
    Always,
    /// Every real runtime has it; without it only that one call cannot be made.
    Usually,
    /// Some do; that is a capability, not a difference.
    WhereItIs,
}

/// A call: its arguments by name and type, in order.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) pallet: &'static str,
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [(&'static str, &'static str)],
    pub(crate) purpose: Purpose,
    pub(crate) needed: Needed,
}

/// A storage entry: how its keys are hashed, what they are, and what it holds.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) pallet: &'static str,
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [(Hasher, &'static str)],
    pub(crate) value: Value,
    pub(crate) needed: Needed,
}

/// A method of a runtime API.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) pallet: &'static str,
    pub(crate) name: &'static str,
    pub(crate) inputs: &'static [&'static str],
    pub(crate) value: Value,
    pub(crate) needed: Needed,
}

/// What is read out of a value.
#[derive(Debug)]
pub(crate) enum Value {
    /// All of it.
    All(&'static str),
    /// These fields; others may come and go.
    Fields(&'static [(&'static str, &'static str)]),
}

/// How a storage key is hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hasher {
    Identity,
    Blake2,
    Twox,
}

use Hasher::{Blake2, Identity, Twox};
use Needed::{Always, Usually, WhereItIs};
use Purpose::{Money, Serving};

const fn call(
    name: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    purpose: Purpose,
    needed: Needed,
) -> Call {
    Call { pallet: MODULE, name, arguments, purpose, needed }
}

/// The calls.
pub(crate) const CALLS: &[Call] = &[
    call("serve_axon", SERVE_AXON, Serving, Always),
    call("serve_axon_tls", SERVE_AXON_TLS, Serving, Always),
    call("burned_register", &[("netuid", "u16"), ("hotkey", ACCOUNT)], Money, Always),
    call("register_limit", &[("netuid", "u16"), ("hotkey", ACCOUNT), ("limit_price", "u64")], Money, WhereItIs),
    call("root_register", &[("hotkey", ACCOUNT)], Money, Usually),
    call("add_stake", &[("hotkey", ACCOUNT), ("netuid", "u16"), ("amount_staked", "u64")], Money, Always),
    call("remove_stake", &[("hotkey", ACCOUNT), ("netuid", "u16"), ("amount_unstaked", "u64")], Money, Always),
    call(
        "add_stake_limit",
        &[
            ("hotkey", ACCOUNT),
            ("netuid", "u16"),
            ("amount_staked", "u64"),
            ("limit_price", "u64"),
            ("allow_partial", "bool"),
        ],
        Money,
        Always,
    ),
    call(
        "remove_stake_limit",
        &[
            ("hotkey", ACCOUNT),
            ("netuid", "u16"),
            ("amount_unstaked", "u64"),
            ("limit_price", "u64"),
            ("allow_partial", "bool"),
        ],
        Money,
        Always,
    ),
    call(
        "remove_stake_full_limit",
        &[("hotkey", ACCOUNT), ("netuid", "u16"), ("limit_price", "Option<u64>")],
        Money,
        Usually,
    ),
    call(
        "move_stake",
        &[
            ("origin_hotkey", ACCOUNT),
            ("destination_hotkey", ACCOUNT),
            ("origin_netuid", "u16"),
            ("destination_netuid", "u16"),
            ("alpha_amount", "u64"),
        ],
        Money,
        Always,
    ),
    call(
        "swap_stake",
        &[("hotkey", ACCOUNT), ("origin_netuid", "u16"), ("destination_netuid", "u16"), ("alpha_amount", "u64")],
        Money,
        Usually,
    ),
    call(
        "swap_stake_limit",
        &[
            ("hotkey", ACCOUNT),
            ("origin_netuid", "u16"),
            ("destination_netuid", "u16"),
            ("alpha_amount", "u64"),
            ("limit_price", "u64"),
            ("allow_partial", "bool"),
        ],
        Money,
        Usually,
    ),
    call(
        "transfer_stake",
        &[
            ("destination_coldkey", ACCOUNT),
            ("hotkey", ACCOUNT),
            ("origin_netuid", "u16"),
            ("destination_netuid", "u16"),
            ("alpha_amount", "u64"),
        ],
        Money,
        Usually,
    ),
    call("unstake_all", &[("hotkey", ACCOUNT)], Money, Usually),
    call("unstake_all_alpha", &[("hotkey", ACCOUNT)], Money, Usually),
    call("set_childkey_take", &[("hotkey", ACCOUNT), ("netuid", "u16"), ("take", "u16")], Money, Usually),
    call(
        "set_children",
        &[("hotkey", ACCOUNT), ("netuid", "u16"), ("children", "Vec<(u64, [u8; 32])>")],
        Money,
        Usually,
    ),
    call("claim_root", &[("subnets", "Vec<u16>")], Money, WhereItIs),
    Call {
        pallet: "Balances",
        name: "transfer_keep_alive",
        arguments: &[("dest", ADDRESS), ("value", "u64")],
        purpose: Money,
        needed: Always,
    },
];

const ADDRESS: &str = "Id([u8; 32]) | Index(()) | Raw(Vec<u8>) | Address32([u8; 32]) | Address20([u8; 20])";

const SERVE_AXON: &[(&str, &str)] = &[
    ("netuid", "u16"),
    ("version", "u32"),
    ("ip", "u128"),
    ("port", "u16"),
    ("ip_type", "u8"),
    ("protocol", "u8"),
    ("placeholder1", "u8"),
    ("placeholder2", "u8"),
];

const SERVE_AXON_TLS: &[(&str, &str)] = &[
    ("netuid", "u16"),
    ("version", "u32"),
    ("ip", "u128"),
    ("port", "u16"),
    ("ip_type", "u8"),
    ("protocol", "u8"),
    ("placeholder1", "u8"),
    ("placeholder2", "u8"),
    ("certificate", "Vec<u8>"),
];

const fn entry(name: &'static str, keys: &'static [(Hasher, &'static str)], value: Value, needed: Needed) -> Entry {
    Entry { pallet: MODULE, name, keys, value, needed }
}

const BY_SUBNET: &[(Hasher, &str)] = &[(Identity, "u16")];
const BY_UID: &[(Hasher, &str)] = &[(Identity, "u16"), (Identity, "u16")];
const BY_HOTKEY: &[(Hasher, &str)] = &[(Identity, "u16"), (Blake2, ACCOUNT)];

/// A subnet is there.
pub(crate) const NETWORKS_ADDED: Entry = entry("NetworksAdded", BY_SUBNET, Value::All("bool"), Always);
/// A hotkey's place.
pub(crate) const UIDS: Entry = entry("Uids", BY_HOTKEY, Value::All("u16"), Always);
/// What a hotkey has published.
pub(crate) const AXONS: Entry = entry(
    "Axons",
    BY_HOTKEY,
    Value::Fields(&[
        ("block", "u64"),
        ("version", "u32"),
        ("ip", "u128"),
        ("port", "u16"),
        ("ip_type", "u8"),
        ("protocol", "u8"),
        ("placeholder1", "u8"),
        ("placeholder2", "u8"),
    ]),
    Always,
);
/// The certificate beside it.
pub(crate) const CERTIFICATES: Entry =
    entry("NeuronCertificates", BY_HOTKEY, Value::Fields(&[("public_key", "Vec<u8>"), ("algorithm", "u8")]), Always);
/// Blocks from one serving to the next.
pub(crate) const SERVING_RATE_LIMIT: Entry = entry("ServingRateLimit", BY_SUBNET, Value::All("u64"), Always);
/// The price of a place, in rao.
pub(crate) const BURN: Entry = entry("Burn", BY_SUBNET, Value::All("u64"), Always);
/// Blocks from epoch to epoch.
pub(crate) const TEMPO: Entry = entry("Tempo", BY_SUBNET, Value::All("u16"), Always);
/// The last epoch's block. The chain's own spelling.
pub(crate) const LAST_STEP: Entry = entry("LastMechansimStepBlock", BY_SUBNET, Value::All("u64"), Always);
/// A validator's weights, by index of mechanism and subnet, and uid.
pub(crate) const WEIGHTS: Entry = entry("Weights", BY_UID, Value::All("Vec<(u16, u16)>"), Always);
/// When each uid last set or committed weights.
pub(crate) const LAST_UPDATE: Entry = entry("LastUpdate", BY_SUBNET, Value::All("Vec<u64>"), Always);
/// The incentive of each uid.
pub(crate) const INCENTIVE: Entry = entry("Incentive", BY_SUBNET, Value::All("Vec<u16>"), Always);
/// Hashes of weights not yet revealed.
pub(crate) const WEIGHT_COMMITS: Entry =
    entry("WeightCommits", &[(Twox, "u16"), (Twox, ACCOUNT)], Value::All("Vec<([u8; 32], u64, u64, u64)>"), Always);
/// Weights under a time lock.
pub(crate) const TIMELOCKED_COMMITS: Entry = entry(
    "TimelockedWeightCommits",
    &[(Twox, "u16"), (Twox, "u64")],
    Value::All("Vec<([u8; 32], u64, Vec<u8>, u64)>"),
    WhereItIs,
);
/// How many mechanisms a subnet has.
pub(crate) const MECHANISMS: Entry = entry("MechanismCountCurrent", &[(Twox, "u16")], Value::All("u8"), WhereItIs);
/// How many hotkeys of the owner cannot be evicted.
pub(crate) const IMMUNE_OWNER_UIDS: Entry = entry("ImmuneOwnerUidsLimit", BY_SUBNET, Value::All("u16"), WhereItIs);
/// How many places stay outside of immunity.
pub(crate) const MIN_NON_IMMUNE: Entry = entry("MinNonImmuneUids", BY_SUBNET, Value::All("u16"), WhereItIs);
/// The clock of a block's author.
pub(crate) const NOW: Entry =
    Entry { pallet: "Timestamp", name: "Now", keys: &[], value: Value::All("u64"), needed: Always };
/// An account's number of transactions and its free balance.
pub(crate) const ACCOUNTS: Entry = Entry {
    pallet: "System",
    name: "Account",
    keys: &[(Blake2, ACCOUNT)],
    value: Value::Fields(&[("nonce", "u32"), ("data", "{free: u64, reserved: u64, frozen: u64, flags: u128}")]),
    needed: Always,
};

/// The TAO in a subnet's pool.
pub(crate) const POOL_TAO: Entry = entry("SubnetTAO", BY_SUBNET, Value::All("u64"), Always);
/// The alpha in a subnet's pool.
pub(crate) const POOL_ALPHA: Entry = entry("SubnetAlphaIn", BY_SUBNET, Value::All("u64"), Always);
/// Whether new neurons are taken in.
pub(crate) const REGISTRATION_ALLOWED: Entry =
    entry("NetworkRegistrationAllowed", BY_SUBNET, Value::All("bool"), Always);
/// What part of a registration's price is locked as collateral: 65535 is all. Not compared: no metadata that has it is at
/// hand, so its description decides.
pub(crate) const COLLATERAL_SHARE: Entry = entry("CollateralLockShare", BY_SUBNET, Value::All("u16"), WhereItIs);
/// The collateral of a hotkey and a coldkey on a subnet. Not compared, for the same reason.
pub(crate) const COLLATERAL: Entry = entry("MinerCollateral", &[], Value::Fields(&[("locked", "u64")]), WhereItIs);

/// The storage entries.
pub(crate) const ENTRIES: &[&Entry] = &[
    &NETWORKS_ADDED,
    &UIDS,
    &AXONS,
    &CERTIFICATES,
    &SERVING_RATE_LIMIT,
    &BURN,
    &TEMPO,
    &LAST_STEP,
    &WEIGHTS,
    &LAST_UPDATE,
    &INCENTIVE,
    &WEIGHT_COMMITS,
    &TIMELOCKED_COMMITS,
    &MECHANISMS,
    &IMMUNE_OWNER_UIDS,
    &MIN_NON_IMMUNE,
    &NOW,
    &ACCOUNTS,
    &POOL_TAO,
    &POOL_ALPHA,
    &REGISTRATION_ALLOWED,
];

/// The metagraph.
pub(crate) const METAGRAPH: Api = Api {
    pallet: "SubnetInfoRuntimeApi",
    name: "get_metagraph",
    inputs: &["u16"],
    value: Value::Fields(&[
        ("netuid", "u16"),
        ("owner_hotkey", ACCOUNT),
        ("owner_coldkey", ACCOUNT),
        ("block", "u64"),
        ("tempo", "u16"),
        ("last_step", "u64"),
        ("blocks_since_last_step", "u64"),
        ("max_validators", "u16"),
        ("num_uids", "u16"),
        ("max_uids", "u16"),
        ("burn", "u64"),
        ("registration_allowed", "bool"),
        ("immunity_period", "u16"),
        ("serving_rate_limit", "u64"),
        ("commit_reveal_weights_enabled", "bool"),
        ("commit_reveal_period", "u64"),
        ("hotkeys", "Vec<[u8; 32]>"),
        ("coldkeys", "Vec<[u8; 32]>"),
        (
            "axons",
            "Vec<{block: u64, version: u32, ip: u128, port: u16, ip_type: u8, protocol: u8, placeholder1: u8, placeholder2: u8}>",
        ),
        ("active", "Vec<bool>"),
        ("validator_permit", "Vec<bool>"),
        ("last_update", "Vec<u64>"),
        ("emission", "Vec<u64>"),
        ("dividends", "Vec<u16>"),
        ("incentives", "Vec<u16>"),
        ("consensus", "Vec<u16>"),
        ("block_at_registration", "Vec<u64>"),
        ("alpha_stake", "Vec<u64>"),
        ("tao_stake", "Vec<u64>"),
        ("total_stake", "Vec<u64>"),
    ]),
    needed: Always,
};
/// The next epoch's block.
pub(crate) const NEXT_EPOCH: Api = Api {
    pallet: "SubnetInfoRuntimeApi",
    name: "get_next_epoch_start_block",
    inputs: &["u16"],
    value: Value::All("Option<u64>"),
    needed: WhereItIs,
};
/// The price of a subnet's token: rao for a thousand million of its smallest units.
pub(crate) const ALPHA_PRICE: Api = Api {
    pallet: "SwapRuntimeApi",
    name: "current_alpha_price",
    inputs: &["u16"],
    value: Value::All("u64"),
    needed: Always,
};

/// All stake of a coldkey.
pub(crate) const STAKES: Api = Api {
    pallet: "StakeInfoRuntimeApi",
    name: "get_stake_info_for_coldkey",
    inputs: &[ACCOUNT],
    value: Value::All(STAKES_VALUE),
    needed: Always,
};
const STAKES_VALUE: &str = "Vec<{hotkey: [u8; 32], coldkey: [u8; 32], netuid: u16, stake: u64, locked: u64, \
    emission: u64, tao_emission: u64, drain: u64, is_registered: bool}>";
/// What buying a subnet's token with so much TAO would bring.
pub(crate) const SIMULATED_BUY: Api = Api {
    pallet: "SwapRuntimeApi",
    name: "sim_swap_tao_for_alpha",
    inputs: &["u16", "u64"],
    value: Value::Fields(SIMULATED),
    needed: WhereItIs,
};
/// What selling so much of a subnet's token would bring.
pub(crate) const SIMULATED_SALE: Api = Api {
    pallet: "SwapRuntimeApi",
    name: "sim_swap_alpha_for_tao",
    inputs: &["u16", "u64"],
    value: Value::Fields(SIMULATED),
    needed: WhereItIs,
};
const SIMULATED: &[(&str, &str)] = &[("tao_amount", "u64"), ("alpha_amount", "u64")];

/// The runtime APIs.
pub(crate) const APIS: &[&Api] = &[&METAGRAPH, &NEXT_EPOCH, &ALPHA_PRICE, &STAKES, &SIMULATED_BUY, &SIMULATED_SALE];

/// Errors of the chain that are told apart, under each of their names.
pub(crate) const ERRORS: &[&[&str]] = &[
    &["SubNetworkDoesNotExist", "SubnetNotExists"],
    &["HotKeyNotRegisteredInSubNet"],
    &["HotKeyAlreadyRegisteredInSubNet"],
    &["HotKeyAccountNotExists"],
    &["NonAssociatedColdKey"],
    &["NotEnoughBalanceToStake"],
    &["NotEnoughStakeToWithdraw"],
    &["SubNetRegistrationDisabled"],
    &["TooManyRegistrationsThisBlock"],
    &["ServingRateLimitExceeded"],
    &["InvalidIpAddress"],
    &["SlippageTooHigh"],
    &["AmountTooLow"],
];
