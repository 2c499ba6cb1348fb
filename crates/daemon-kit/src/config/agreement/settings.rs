//! Numbers of miner-config.json that would stop a daemon from working.

use common::config::miner::MinerConfig;

use super::{ConfigError, File};

/// Beats that come faster only cost.
const FASTEST_BEAT_MS: u64 = 100;

pub(super) fn check(miner: &MinerConfig) -> Vec<ConfigError> {
    let MinerConfig { server, breaker, daemons, .. } = miner;
    [
        ("server.max_connections", u64::from(server.max_connections), 1),
        ("server.max_connections_per_ip", u64::from(server.max_connections_per_ip), 1),
        ("server.max_in_flight", u64::from(server.max_in_flight), 1),
        ("server.max_body_bytes", u64::from(server.max_body_bytes), 1024),
        ("server.max_header_bytes", u64::from(server.max_header_bytes), 1024),
        ("server.read_timeout_ms", server.read_timeout_ms, 1),
        ("server.idle_timeout_ms", server.idle_timeout_ms, 1),
        ("breaker.max_failures", u64::from(breaker.max_failures), 1),
        ("daemons.beat_ms", daemons.beat_ms, FASTEST_BEAT_MS),
    ]
    .into_iter()
    .filter(|(_, value, least)| value < least)
    .map(|(key, value, least)| {
        ConfigError::contradiction(File::MinerConfig, key, format!("is {value}, but must be at least {least}"))
    })
    .collect()
}
