//! The real metadata of runtimes, for tests.

use subxt::config::SubstrateConfig;
use subxt::config::substrate::SpecVersionForRange;
use subxt::utils::H256;
use subxt::{Metadata, OfflineClient, OfflineClientAtBlock};

/// The runtimes at hand: one of July 2025, and the main network's up to July 2026.
pub(crate) const ALL: [u32; 4] = [293, 365, 393, 424];

/// Reads a runtime's description.
pub(crate) fn read(spec: u32) -> Metadata {
    let path = format!("{}/tests/data/metadata-{spec}.scale", env!("CARGO_MANIFEST_DIR"));
    Metadata::decode_from(&std::fs::read(path).unwrap()).unwrap()
}

/// A chain of that runtime, without a node.
pub(crate) fn offline(spec: u32) -> OfflineClientAtBlock<SubstrateConfig> {
    let always = SpecVersionForRange { block_range: 0..u64::MAX, spec_version: spec, transaction_version: 1 };
    let config = SubstrateConfig::builder()
        .set_genesis_hash(H256([7; 32]))
        .set_metadata_for_spec_versions([(spec, read(spec).arc())])
        .set_spec_version_for_block_ranges([always])
        .build();
    OfflineClient::new_with_config(config).at_block(1_u64).unwrap()
}
