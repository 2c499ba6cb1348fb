//! Picks the fields of a metagraph that were asked for; each has a number, which is its place.

use codec::Compact;

use super::answer::{Metagraph, SelectiveMetagraph};

macro_rules! pick {
    ($all:ident, $fields:ident, $validators:ident; $($place:literal $name:ident),*) => {
        SelectiveMetagraph {
            netuid: $all.netuid,
            $($name: $fields.contains(&$place).then_some($all.$name),)*
            validators: $validators,
            commitments: $fields.contains(&73).then(Vec::new),
        }
    };
}

impl SelectiveMetagraph {
    /// The fields of these numbers.
    pub(crate) fn of(all: Metagraph, validators: Option<Vec<Compact<u16>>>, fields: &[u16]) -> Self {
        pick!(all, fields, validators;
            1 name, 2 symbol, 3 identity, 4 network_registered_at, 5 owner_hotkey, 6 owner_coldkey,
            7 block, 8 tempo, 9 last_step, 10 blocks_since_last_step, 11 subnet_emission, 12
            alpha_in, 13 alpha_out, 14 tao_in, 15 alpha_out_emission, 16 alpha_in_emission, 17
            tao_in_emission, 18 pending_alpha_emission, 19 pending_root_emission, 20 subnet_volume,
            21 moving_price, 22 rho, 23 kappa, 24 min_allowed_weights, 25 max_weights_limit, 26
            weights_version, 27 weights_rate_limit, 28 activity_cutoff, 29 max_validators, 30
            num_uids, 31 max_uids, 32 burn, 33 difficulty, 34 registration_allowed, 35
            pow_registration_allowed, 36 immunity_period, 37 min_difficulty, 38 max_difficulty, 39
            min_burn, 40 max_burn, 41 adjustment_alpha, 42 adjustment_interval, 43
            target_regs_per_interval, 44 max_regs_per_block, 45 serving_rate_limit, 46
            commit_reveal_weights_enabled, 47 commit_reveal_period, 48 liquid_alpha_enabled, 49
            alpha_high, 50 alpha_low, 51 bonds_moving_avg, 52 hotkeys, 53 coldkeys, 54 identities,
            55 axons, 56 active, 57 validator_permit, 58 pruning_score, 59 last_update, 60 emission,
            61 dividends, 62 incentives, 63 consensus, 64 trust, 65 rank, 66 block_at_registration,
            67 alpha_stake, 68 tao_stake, 69 total_stake, 70 tao_dividends_per_hotkey, 71
            alpha_dividends_per_hotkey
        )
    }
}
