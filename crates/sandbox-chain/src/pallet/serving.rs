//! Where a neuron serves.

use frame_support::{BoundedVec, ensure, pallet_prelude::DispatchResult};

use super::{
    AxonInfo, Axons, Config, Error, Event, NetworksAdded, NeuronCertificate, NeuronCertificates, Pallet, Prometheus,
    PrometheusInfo, ServingRateLimit, Uids,
};
use crate::runtime::number::NetUid;

/// Whether upstream takes the address: it refuses loopback and broadcast, and lets private ones pass.
fn is_servable(ip_type: u8, ip: u128) -> bool {
    match ip_type {
        4 => ip < u128::from(u32::MAX) && ip != 0x7f00_0001,
        _ => ip != u128::MAX && ip != 1,
    }
}

impl<T: Config> Pallet<T> {
    /// Whether the endpoint may be served now. The pool asks, too.
    pub(crate) fn check_axon(hotkey: &T::AccountId, netuid: NetUid, axon: &AxonInfo) -> Result<(), Error<T>> {
        ensure!(Uids::<T>::contains_key(netuid, hotkey), Error::HotKeyNotRegisteredInNetwork);
        ensure!(matches!(axon.ip_type, 4 | 6), Error::InvalidIpType);
        ensure!(is_servable(axon.ip_type, axon.ip), Error::InvalidIpAddress);
        let last = Axons::<T>::get(netuid, hotkey).map_or(0, |axon| axon.block);
        ensure!(Self::may_serve_again(netuid, last), Error::ServingRateLimitExceeded);
        ensure!(axon.port != 0, Error::InvalidPort);
        Ok(())
    }

    /// Whether the metrics may be served now. The pool asks, too.
    pub(crate) fn check_prometheus(
        hotkey: &T::AccountId,
        netuid: NetUid,
        prometheus: &PrometheusInfo,
    ) -> Result<(), Error<T>> {
        ensure!(matches!(prometheus.ip_type, 4 | 6), Error::InvalidIpType);
        ensure!(prometheus.ip != 0 && is_servable(prometheus.ip_type, prometheus.ip), Error::InvalidIpAddress);
        ensure!(Uids::<T>::contains_key(netuid, hotkey), Error::HotKeyNotRegisteredInNetwork);
        let last = Prometheus::<T>::get(netuid, hotkey).map_or(0, |prometheus| prometheus.block);
        ensure!(Self::may_serve_again(netuid, last), Error::ServingRateLimitExceeded);
        ensure!(prometheus.port != 0, Error::InvalidPort);
        Ok(())
    }

    fn may_serve_again(netuid: NetUid, last: u64) -> bool {
        let limit = ServingRateLimit::<T>::get(netuid);
        limit == 0 || last == 0 || Self::block().saturating_sub(last) >= limit
    }

    pub(super) fn do_serve_axon(
        hotkey: T::AccountId,
        netuid: NetUid,
        axon: AxonInfo,
        certificate: Option<&[u8]>,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        Self::check_axon(&hotkey, netuid, &axon)?;

        // Its first byte names the algorithm. What is no certificate is ignored, as upstream does.
        if let Some((algorithm, key)) = certificate.and_then(<[u8]>::split_first)
            && let Ok(public_key) = BoundedVec::try_from(key.to_vec())
        {
            let certificate = NeuronCertificate { public_key, algorithm: *algorithm };
            NeuronCertificates::<T>::insert(netuid, &hotkey, certificate);
        }
        Axons::<T>::insert(netuid, &hotkey, AxonInfo { block: Self::block(), ..axon });
        Self::deposit_event(Event::AxonServed(netuid, hotkey));
        Ok(())
    }

    pub(super) fn do_serve_prometheus(
        hotkey: T::AccountId,
        netuid: NetUid,
        prometheus: PrometheusInfo,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        Self::check_prometheus(&hotkey, netuid, &prometheus)?;

        Prometheus::<T>::insert(netuid, &hotkey, PrometheusInfo { block: Self::block(), ..prometheus });
        Self::deposit_event(Event::PrometheusServed(netuid, hotkey));
        Ok(())
    }
}
