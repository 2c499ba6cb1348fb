//! Homes are made whole, once, and never over anything else.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use common::config::miner::CallerPolicy;
use daemon_kit::config::Config;

use super::*;

#[test]
fn a_home_has_a_wallet_and_a_configuration_that_the_suite_reads() {
    let (_directory, wish) = wish();

    let made = prepare(&wish).unwrap();

    let home = Home::new(made.root.clone());
    let config = Config::load(&home).unwrap();
    assert_eq!(config.miner.listeners[0].address, made.settings.miner);
    assert_eq!(config.miner.callers.policy, CallerPolicy::Validators);
    let node = made.settings.chain.as_ref().unwrap().address;
    assert_eq!(config.miner.chain.unwrap().endpoints, [format!("ws://{node}")]);
    assert_eq!(config.miner.wallet.path, made.root.join("wallets").display().to_string());
    assert!(miner_hotkey(&home).is_ok());
    assert_eq!(open(&made.root).unwrap().1, made.settings);
    assert!(home.prepare().is_ok());
}

#[test]
fn everything_is_for_this_user_only() {
    let (_directory, wish) = wish();

    let root = prepare(&wish).unwrap().root;

    for (path, _) in files(&root) {
        assert_eq!(fs::metadata(root.join(&path)).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    for directory in ["", "config", "state", "run", "logs", "wallets", "wallets/sandbox", "wallets/sandbox/hotkeys"] {
        let mode = fs::metadata(root.join(directory)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{directory}");
    }
}

#[test]
fn a_home_that_is_there_is_kept() {
    let (_directory, wish) = wish();
    let first = prepare(&wish).unwrap();
    let before = files(&first.root);

    let second = prepare(&Wish { seed: Some(99), port: 1_234, ..wish }).unwrap();

    assert!(second.kept && !first.kept);
    assert_eq!(second.settings, first.settings);
    assert_eq!(files(&first.root), before);
}

#[test]
fn the_same_seed_makes_the_same_wallet_and_no_seed_a_fresh_one() {
    let (_directory, wish) = wish();
    let hotkey = |seed| {
        let directory = tempfile::tempdir().unwrap();
        let root = prepare(&Wish { home: directory.path().join("s"), seed, ..wish }).unwrap().root;
        miner_hotkey(&Home::new(root)).unwrap()
    };

    assert_eq!(hotkey(Some(5)), hotkey(Some(5)));
    assert_ne!(hotkey(Some(5)), hotkey(Some(6)));
    assert_ne!(hotkey(None), hotkey(None));
}

#[test]
fn what_a_killed_run_left_is_no_obstacle() {
    let (directory, wish) = wish();
    let left = directory.path().join(".sandbox.preparing");
    fs::create_dir_all(left.join("config")).unwrap();
    fs::write(left.join("config/miner-config.json"), "{ half").unwrap();

    let made = prepare(&wish).unwrap();

    assert!(open(&made.root).is_ok());
    assert!(!left.exists());
}

#[test]
fn whatever_stage_it_is_killed_at_there_is_no_half_home() {
    let (directory, wish) = wish();
    let root = directory.path().canonicalize().unwrap().join("sandbox");
    let staging = Staging::begin(&root).unwrap();
    write(&staging, &root, &settings(&wish).unwrap(), None).unwrap();

    drop(staging);

    assert!(!root.exists());
    assert!(!prepare(&wish).unwrap().kept);
}

#[test]
fn two_at_the_same_time_do_not_mix() {
    let (directory, wish) = wish();
    let root = directory.path().canonicalize().unwrap().join("sandbox");
    let _other = Staging::begin(&root).unwrap();

    let error = prepare(&wish).unwrap_err();

    assert!(matches!(error, PrepareError::Busy { .. }), "{error}");
}

#[test]
fn an_empty_directory_is_used_and_anything_else_is_left_alone() {
    let (directory, wish) = wish();
    fs::create_dir(&wish.home).unwrap();
    assert!(prepare(&wish).is_ok());
    let other = directory.path().join("other");
    fs::create_dir_all(other.join("config")).unwrap();
    fs::write(other.join("config/miner-config.json"), "{}").unwrap();
    let before = files(&other);

    let error = prepare(&Wish { home: other.clone(), ..wish }).unwrap_err();
    let file = prepare(&Wish { home: other.join("config/miner-config.json"), ..wish }).unwrap_err();

    assert!(matches!(error, PrepareError::Occupied { .. }), "{error}");
    assert!(matches!(file, PrepareError::Occupied { .. }), "{file}");
    assert_eq!(files(&other), before);
}

#[test]
fn a_damaged_home_is_named_and_left_alone() {
    let (_directory, wish) = wish();
    let root = prepare(&wish).unwrap().root;
    fs::write(root.join("config/sandbox.json"), "{").unwrap();

    let broken = prepare(&wish).unwrap_err();

    assert!(matches!(&broken, PrepareError::Damaged { path, .. } if path.ends_with("sandbox.json")), "{broken}");
    assert!(matches!(open(&root), Err(OpenError::Unusable(PrepareError::Damaged { .. }))));
}

#[test]
fn a_home_without_its_wallet_is_named() {
    let (_directory, wish) = wish();
    let root = prepare(&wish).unwrap().root;
    fs::remove_file(root.join(wallet::HOTKEY_PUBLIC)).unwrap();

    let error = prepare(&wish).unwrap_err();

    assert!(matches!(&error, PrepareError::Damaged { path, .. } if path.ends_with("defaultpub.txt")), "{error}");
}

#[test]
fn a_port_in_use_is_replaced_by_the_next() {
    let (_directory, wish) = wish();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();

    let made = prepare(&Wish { port, ..wish }).unwrap();

    assert!(made.settings.miner.port() > port);
    assert!(made.settings.vendor.address.port() > made.settings.miner.port());
}

#[test]
fn a_home_whose_port_is_taken_moves_and_stays_whole() {
    let (_directory, wish) = wish();
    let made = prepare(&wish).unwrap();
    let _other = TcpListener::bind(made.settings.miner).unwrap();

    let moved = prepare(&wish).unwrap();
    let again = prepare(&wish).unwrap();

    assert!(moved.kept && moved.moved && !again.moved);
    assert_ne!(moved.settings.miner, made.settings.miner);
    assert_eq!(moved.settings.seed, made.settings.seed);
    let config = Config::load(&Home::new(made.root.clone())).unwrap();
    assert_eq!(config.miner.listeners[0].address, moved.settings.miner);
    let url = format!("http://{}/v1", moved.settings.vendor.address);
    assert!(config.miner.vendors.values().all(|vendor| vendor.base_url == url));
    assert_eq!(open(&made.root).unwrap().1, moved.settings);
}

#[test]
fn a_home_that_runs_keeps_its_ports() {
    let (_directory, wish) = wish();
    let made = prepare(&wish).unwrap();
    let _running = daemon_kit::Instance::take(&Home::new(made.root), "sandbox").unwrap();
    let _own = TcpListener::bind(made.settings.miner).unwrap();

    assert!(!prepare(&wish).unwrap().moved);
}

#[test]
fn files_that_name_different_ports_are_a_clear_error() {
    let (_directory, wish) = wish();
    let made = prepare(&wish).unwrap();
    let path = made.root.join("config/miner-config.json");
    let other = fs::read_to_string(&path).unwrap().replace(&made.settings.miner.to_string(), "127.0.0.1:1");
    fs::write(&path, other).unwrap();

    let error = prepare(&wish).unwrap_err();

    assert!(matches!(&error, PrepareError::Damaged { path: named, .. } if *named == path), "{error}");
}

#[test]
fn a_home_too_deep_for_sockets_is_refused() {
    let (directory, wish) = wish();

    let error = prepare(&Wish { home: directory.path().join("x".repeat(100)), ..wish }).unwrap_err();

    assert!(matches!(error, PrepareError::TooLong { .. }), "{error}");
}

#[test]
fn what_is_not_there_cannot_be_run() {
    let (directory, wish) = wish();

    assert!(matches!(open(&wish.home), Err(OpenError::Missing { .. })));
    assert!(matches!(open(directory.path()), Err(OpenError::Missing { .. })));
}

fn wish() -> (tempfile::TempDir, Wish) {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("sandbox");
    (directory, Wish { home, port: 20_000, seed: Some(1) })
}

/// Every file below a directory with its content.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}
