//! What this runtime can do that others cannot.

use subxt::Metadata;

/// What a runtime offers beyond the oldest one supported.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Capabilities {
    /// A registration can be given a highest price.
    pub register_limit: bool,
    /// A registration can be paid with work instead of TAO.
    pub pow_register: bool,
    /// Part of a registration's price is locked as collateral.
    pub collateral: bool,
    /// A subnet can have several mechanisms, each with weights of its own.
    pub mechanisms: bool,
    /// Weights can be committed with a time lock, so that they reveal themselves.
    pub timelocked_commits: bool,
    /// The chain says itself when the next epoch is.
    pub next_epoch: bool,
    /// Yield of the root network is claimed.
    pub claim_root: bool,
    /// Transactions can be encrypted until they are in a block.
    pub mev_shield: bool,
}

impl Capabilities {
    /// Reads them off the metadata.
    #[must_use]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let pallet = metadata.pallet_by_name("SubtensorModule");
        let call = |name| pallet.as_ref().is_some_and(|pallet| pallet.call_variant_by_name(name).is_some());
        let entry = |name| {
            pallet
                .as_ref()
                .and_then(|pallet| pallet.storage())
                .is_some_and(|storage| storage.entry_by_name(name).is_some())
        };
        let next_epoch = metadata
            .runtime_api_trait_by_name("SubnetInfoRuntimeApi")
            .is_some_and(|api| api.method_by_name("get_next_epoch_start_block").is_some());
        Self {
            register_limit: call("register_limit"),
            pow_register: call("pow_register"),
            collateral: entry("CollateralLockShare"),
            mechanisms: entry("MechanismCountCurrent"),
            timelocked_commits: entry("TimelockedWeightCommits"),
            next_epoch,
            claim_root: call("claim_root"),
            mev_shield: metadata.pallet_by_name("MevShield").is_some(),
        }
    }
}
