//! What neurons in this process see and do, without a client of their own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bittensor::keys::Keypair;
use sp_core::H256;
use sp_runtime::AccountId32;

use super::{Node, SubmitError};
use crate::pallet::{self, Call};
use crate::runtime::number::NetUid;
use crate::runtime::{Runtime, RuntimeCall};

impl Node {
    /// The hotkey's place in the subnet.
    #[must_use]
    pub fn uid(&self, netuid: u16, hotkey: &[u8; 32]) -> Option<u16> {
        self.read(|| pallet::Uids::<Runtime>::get(NetUid(netuid), AccountId32::new(*hotkey)))
    }

    /// Where the hotkey says that it is reached.
    #[must_use]
    pub fn axon(&self, netuid: u16, hotkey: &[u8; 32]) -> Option<SocketAddr> {
        let axon = self.read(|| pallet::Axons::<Runtime>::get(NetUid(netuid), AccountId32::new(*hotkey)))?;
        let ip = match u32::try_from(axon.ip) {
            Ok(ip) if axon.ip_type == 4 => IpAddr::V4(Ipv4Addr::from_bits(ip)),
            Ok(_) | Err(_) => IpAddr::V6(Ipv6Addr::from_bits(axon.ip)),
        };
        Some(SocketAddr::new(ip, axon.port))
    }

    /// The block of the subnet's last epoch; 0 before the first.
    #[must_use]
    pub fn last_epoch(&self, netuid: u16) -> u64 {
        self.read(|| pallet::LastEpochBlock::<Runtime>::get(NetUid(netuid)))
    }

    /// Hands in a validator's weights of uids, committed under a time lock where the subnet wants that.
    ///
    /// # Errors
    /// If the pool refuses it.
    pub fn set_weights(&self, key: &Keypair, netuid: u16, weights: &[(u16, u16)]) -> Result<H256, SubmitError> {
        let (dests, weights): (Vec<u16>, Vec<u16>) = weights.iter().copied().unzip();
        let netuid = NetUid(netuid);
        let (committed, version_key, version, round) = self.read(|| {
            (
                pallet::CommitRevealWeightsEnabled::<Runtime>::get(netuid),
                pallet::WeightsVersionKey::<Runtime>::get(netuid),
                pallet::CommitRevealWeightsVersion::<Runtime>::get(),
                // The beacon's rounds are simulated with the lock: one a block.
                frame_system::Pallet::<Runtime>::block_number().into(),
            )
        });
        let call = if committed {
            let commit = pallet::seal(&key.public(), &dests, &weights, version_key, round);
            let commit = commit.ok_or(SubmitError::Malformed)?;
            Call::commit_timelocked_weights { netuid, commit, reveal_round: round, commit_reveal_version: version }
        } else {
            Call::set_weights { netuid, dests, weights, version_key }
        };
        self.sign_and_submit(key, RuntimeCall::SubtensorModule(call))
    }
}
