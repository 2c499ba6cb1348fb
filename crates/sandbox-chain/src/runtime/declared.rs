//! The runtime APIs, declared: upstream's names, arguments and answers, for as much as the sandbox answers.

#![expect(unreachable_pub, reason = "the macro wants public traits")]

use std::collections::BTreeMap;

use sp_runtime::AccountId32;

use super::answer::{
    DynamicInfo, Metagraph, NeuronInfo, NeuronInfoLite, SelectiveMetagraph, SimSwapResult, StakeAvailability,
    StakeInfo, SubnetHyperparamsV2, SubnetInfov2, SubnetPrice, SubnetState,
};
use super::number::{AlphaBalance, MechId, NetUid, TaoBalance};

sp_api::decl_runtime_apis! {
    pub trait NeuronInfoRuntimeApi {
        fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo>;
        fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo>;
        fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite>;
        fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite>;
    }

    pub trait SubnetInfoRuntimeApi {
        fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2>;
        fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2>>;
        fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2>;
        fn get_all_dynamic_info() -> Vec<Option<DynamicInfo>>;
        fn get_all_metagraphs() -> Vec<Option<Metagraph>>;
        fn get_metagraph(netuid: NetUid) -> Option<Metagraph>;
        fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph>;
        fn get_dynamic_info(netuid: NetUid) -> Option<DynamicInfo>;
        fn get_subnet_state(netuid: NetUid) -> Option<SubnetState>;
        fn get_selective_metagraph(netuid: NetUid, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph>;
        fn get_selective_mechagraph(netuid: NetUid, subid: MechId, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph>;
        fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64>;
    }

    pub trait StakeInfoRuntimeApi {
        fn get_stake_info_for_coldkey(coldkey_account: AccountId32) -> Vec<StakeInfo>;
        fn get_stake_info_for_coldkeys(coldkey_accounts: Vec<AccountId32>) -> Vec<(AccountId32, Vec<StakeInfo>)>;
        fn get_stake_info_for_hotkey_coldkey_netuid(hotkey_account: AccountId32, coldkey_account: AccountId32, netuid: NetUid) -> Option<StakeInfo>;
        fn get_stake_availability_for_coldkeys(coldkey_accounts: Vec<AccountId32>, netuids: Option<Vec<NetUid>>) -> BTreeMap<AccountId32, BTreeMap<NetUid, StakeAvailability>>;
    }

    pub trait SubnetRegistrationRuntimeApi {
        fn get_network_registration_cost() -> TaoBalance;
    }

    pub trait SwapRuntimeApi {
        fn current_alpha_price(netuid: NetUid) -> u64;
        fn current_alpha_price_all() -> Vec<SubnetPrice>;
        fn sim_swap_tao_for_alpha(netuid: NetUid, tao: TaoBalance) -> SimSwapResult;
        fn sim_swap_alpha_for_tao(netuid: NetUid, alpha: AlphaBalance) -> SimSwapResult;
    }
}
