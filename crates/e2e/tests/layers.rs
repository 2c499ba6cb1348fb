//! The layers of ARCHITECTURE.md, held against the manifests: who may depend on whom.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate of ours may depend on, of ours.
const ALLOWED: &[(&str, &[&str])] = &[
    ("common", &[]),
    ("daemon-kit", &["common"]),
    ("bittensor", &["common"]),
    ("credentials", &["common"]),
    ("chain", &["bittensor", "common"]),
    ("learning", &["common", "llm-router"]),
    ("llm", &["common"]),
    ("llm-router", &["common"]),
    ("miner-daemon", &["bittensor", "chain", "common", "daemon-kit"]),
    ("task-handler", &["common", "credentials", "daemon-kit", "llm", "llm-router"]),
    ("notify", &["common"]),
    ("tracker", &["common", "credentials", "daemon-kit", "learning", "notify"]),
    ("wallet-manager", &["bittensor", "chain", "common", "daemon-kit"]),
    ("minerctl", &["bittensor", "common", "credentials", "daemon-kit", "learning"]),
    ("sandbox", &["bittensor", "common", "daemon-kit", "sandbox-chain"]),
    ("sandbox-chain", &["bittensor", "common"]),
    ("e2e", &[]),
];

/// Dependencies that only the named crates may have.
const RESERVED: &[(&str, &[&str])] = &[
    ("age", &["credentials"]),
    ("hyper", &["miner-daemon", "sandbox"]),
    ("reqwest", &["llm", "miner-daemon", "notify"]),
    ("sp-core", &["bittensor", "sandbox-chain"]),
    ("subxt", &["chain"]),
    ("teloxide", &["notify"]),
];

/// What the pure crates must do without.
const IMPURE: &[&str] = &["tokio", "rusqlite", "reqwest", "hyper", "rustix"];

/// Crates whose decisions depend on their arguments only.
const PURE: &[&str] = &["common", "learning", "llm-router"];

fn manifests() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let dependencies = |package: &cargo_metadata::Package| {
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        normal.map(|dependency| dependency.name.clone()).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), dependencies(package))).collect()
}

#[test]
fn every_crate_stands_in_the_table() {
    let listed: BTreeSet<_> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();

    let existing: BTreeSet<_> = manifests().into_keys().collect();

    assert_eq!(existing, listed);
}

#[test]
fn crates_depend_on_lower_layers_only() {
    let manifests = manifests();

    for (name, allowed) in ALLOWED {
        let ours: Vec<_> = manifests[*name].iter().filter(|dependency| manifests.contains_key(*dependency)).collect();
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn boundaries_keep_their_dependencies_to_themselves() {
    for (name, dependencies) in manifests() {
        for (reserved, owners) in RESERVED {
            let uses = dependencies.contains(*reserved);
            assert!(!uses || owners.contains(&name.as_str()), "{name} must not depend on {reserved}");
        }
    }
}

#[test]
fn pure_crates_do_no_io() {
    let manifests = manifests();

    for name in PURE {
        for impure in IMPURE {
            assert!(!manifests[*name].contains(*impure), "{name} must not depend on {impure}");
        }
    }
}
