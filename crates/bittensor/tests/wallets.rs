//! Wallet directories that the real tools made.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs::{Permissions, copy, create_dir_all, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bittensor::keys::Scheme;
use bittensor::wallet::{Encryption, KeyfileError, Wallet, WalletError, import, list};
use common::call::wallet::KeyPresence;
use serde_json::Value;
use tempfile::TempDir;

const COLDKEY: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
const HOTKEY: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

fn golden() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("data/wallets.json")).unwrap();
    file["files"].as_array().unwrap().clone()
}

/// A copy with the modes that the tools give; git keeps only the x bit.
fn wallets() -> TempDir {
    let directory = TempDir::new().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets");
    for file in golden() {
        let path = file["path"].as_str().unwrap();
        let target = directory.path().join(path);
        let parent = target.parent().unwrap();
        create_dir_all(parent).unwrap();
        set_permissions(parent, Permissions::from_mode(0o755)).unwrap();
        copy(source.join(path), &target).unwrap();
        let mode = u32::from_str_radix(file["mode"].as_str().unwrap().trim_start_matches("0o"), 8).unwrap();
        set_permissions(&target, Permissions::from_mode(mode)).unwrap();
    }
    directory
}

fn wallet(root: &TempDir, tool: &str, name: &str, hotkey: &str) -> Wallet {
    Wallet::locate(root.path().join(tool).to_str().unwrap(), name, hotkey).unwrap()
}

#[test]
fn every_golden_file_is_read_or_refused_for_what_it_is() {
    let root = wallets();
    let mut hotkeys = 0;
    for file in golden() {
        let path = PathBuf::from(file["path"].as_str().unwrap());
        let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        match parts[..] {
            [tool, name, "coldkeypub.txt"] => {
                let address = wallet(&root, tool, name, "default").coldkeypub().unwrap();
                assert_eq!(address.as_str(), file["ss58"], "{path:?}");
            }
            [tool, name, "hotkeys", hotkey] if !hotkey.ends_with("pub.txt") => {
                let key = wallet(&root, tool, name, hotkey).hotkey();
                hotkeys += 1;
                match key {
                    Ok(key) => assert_eq!(key.address().as_str(), file["ss58"], "{path:?}"),
                    Err(WalletError::Keyfile { source: KeyfileError::Encrypted(_), .. }) => {
                        assert_eq!(file["format"], "NaCl", "{path:?}");
                    }
                    Err(error) => {
                        assert!(path.ends_with("bt-wallet-4.1.1/golden/hotkeys/hot5_seed"), "{path:?}: {error}");
                        assert!(matches!(
                            error,
                            WalletError::Keyfile { source: KeyfileError::Damaged { field: "secretSeed" }, .. }
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(hotkeys, 15);
}

#[test]
fn every_encrypted_golden_file_opens_with_its_password() {
    let root = wallets();
    let mut opened = 0;
    for file in golden().iter().filter(|file| file["password"].is_string()) {
        let path = root.path().join(file["path"].as_str().unwrap());

        let (secret, scheme) = import(&path, file["password"].as_str().unwrap().as_bytes()).unwrap();

        let address = secret.keypair(scheme).unwrap().address();
        let expected = if path.ends_with("coldkey") { COLDKEY } else { HOTKEY };
        assert_eq!(address.as_str(), expected, "{path:?}");
        opened += 1;
    }
    assert_eq!(opened, 7);
}

#[test]
fn a_wrong_password_is_told_in_every_format() {
    let root = wallets();
    for (path, encryption) in [
        ("bittensor-11.3.0/golden/coldkey", Encryption::Nacl),
        ("bittensor-7.4.0/ansible/coldkey", Encryption::Ansible),
        ("bittensor-7.4.0/legacy_fernet/coldkey", Encryption::Fernet),
    ] {
        let error = import(&root.path().join(path), b"correct-horse").unwrap_err();

        assert!(
            matches!(&error, WalletError::Keyfile { source: KeyfileError::WrongPassword(found), .. } if *found == encryption),
            "{path}: {error:?}"
        );
    }
}

#[test]
fn a_coldkey_opens_once_nobody_else_can_get_at_it() {
    let root = wallets();
    let wallet = wallet(&root, "bt-wallet-4.1.1", "plain", "default");
    let directory = root.path().join("bt-wallet-4.1.1/plain");

    assert_eq!(wallet.coldkey(b"").unwrap().address().as_str(), COLDKEY);
    set_permissions(directory.join("coldkey"), Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(wallet.coldkey(b""), Err(WalletError::Loose { mode: 0o640, .. })));
    set_permissions(directory.join("hotkeys/default"), Permissions::from_mode(0o604)).unwrap();
    assert!(matches!(wallet.hotkey(), Err(WalletError::Loose { mode: 0o604, .. })));
    set_permissions(directory.join("coldkey"), Permissions::from_mode(0o600)).unwrap();
    set_permissions(&directory, Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(wallet.coldkey(b""), Err(WalletError::Loose { mode: 0o770, .. })));
}

#[test]
fn a_coldkey_that_is_not_the_stated_one_is_refused() {
    let root = wallets();
    let directory = root.path().join("bt-wallet-4.1.1/plain");
    copy(directory.join("hotkeys/defaultpub.txt"), directory.join("coldkeypub.txt")).unwrap();

    let error = wallet(&root, "bt-wallet-4.1.1", "plain", "default").coldkey(b"").unwrap_err();

    assert!(matches!(error, WalletError::Keyfile { source: KeyfileError::Contradiction { .. }, .. }), "{error:?}");
}

#[test]
fn all_wallets_of_a_tool_are_found() {
    let root = wallets();

    let found = list(root.path().join("bt-wallet-4.1.1").to_str().unwrap()).unwrap();

    let names: Vec<_> = found.iter().map(|wallet| (wallet.name.as_str(), wallet.hotkeys.len())).collect();
    assert_eq!(names, [("cold_ed25519", 1), ("golden", 6), ("plain", 1)]);
    let golden = &found[1];
    assert_eq!((golden.coldkey.as_ref().unwrap().as_str(), golden.coldkey_file), (COLDKEY, KeyPresence::Encrypted));
    let hotkeys: Vec<_> = golden.hotkeys.iter().map(|hotkey| (hotkey.name.as_str(), hotkey.file)).collect();
    assert_eq!(hotkeys[0], ("hot1", KeyPresence::Plain));
    assert_eq!(hotkeys[3], ("hot4_encrypted", KeyPresence::Encrypted));
    assert_eq!(golden.hotkeys[3].address.as_ref().unwrap().as_str(), HOTKEY);
}

#[test]
fn where_there_is_nothing_no_wallet_is_found() {
    assert_eq!(list("/nowhere").unwrap(), []);
}

#[test]
fn an_ed25519_coldkey_is_read_as_such() {
    let root = wallets();

    let (_, scheme) = import(&root.path().join("bt-wallet-4.1.1/cold_ed25519/coldkey"), b"").unwrap();

    assert_eq!(scheme, Scheme::Ed25519);
}

#[test]
fn a_wallet_in_order_has_no_findings() {
    let root = wallets();
    for (tool, name, hotkey) in [
        ("bt-wallet-4.1.1", "golden", "hot1"),
        ("bt-wallet-4.1.1", "golden", "hot3_ed25519"),
        ("bittensor-11.3.0", "golden", "hot7_privkey"),
        ("bittensor-7.4.0", "golden", "hot1"),
    ] {
        let wallet = wallet(&root, tool, name, hotkey);

        let inspection = wallet.inspect();

        assert_eq!(inspection.findings, []);
        assert_eq!(inspection.coldkey_file, KeyPresence::Encrypted);
        assert_eq!(inspection.hotkey_file, KeyPresence::Plain);
        assert_eq!(inspection.coldkey, Some(wallet.coldkeypub().unwrap()));
        assert_eq!(inspection.hotkey, Some(wallet.hotkey().unwrap().address()));
    }
}

fn problems(wallet: &Wallet) -> Vec<String> {
    wallet.inspect().findings.into_iter().map(|finding| format!("{} -> {}", finding.problem, finding.fix)).collect()
}

#[test]
fn an_encrypted_coldkey_is_recognised_in_every_format() {
    let root = wallets();
    for (tool, name) in [
        ("bittensor-7.4.0", "ansible"),
        ("bittensor-7.4.0", "legacy_fernet"),
        ("bittensor-7.4.0", "golden"),
        ("bittensor-11.3.0", "golden"),
    ] {
        assert_eq!(wallet(&root, tool, name, "hot1").inspect().coldkey_file, KeyPresence::Encrypted, "{tool} {name}");
    }
}

#[test]
fn an_encrypted_hotkey_keeps_its_address_and_is_a_finding() {
    let root = wallets();

    let inspection = wallet(&root, "bittensor-11.3.0", "golden", "hot4_encrypted").inspect();

    assert_eq!(inspection.hotkey_file, KeyPresence::Encrypted);
    assert_eq!(inspection.hotkey.unwrap().as_str(), "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe");
    assert_eq!(inspection.findings.len(), 1);
    assert!(inspection.findings[0].problem.contains("encrypted with NaCl"));
}

#[test]
fn a_plain_coldkey_is_a_finding() {
    let root = wallets();
    let wallet = wallet(&root, "bt-wallet-4.1.1", "plain", "default");

    assert_eq!(wallet.inspect().coldkey_file, KeyPresence::Plain);
    assert!(problems(&wallet)[0].starts_with("the coldkey is stored without a password"));
}

#[test]
fn loose_modes_are_findings_with_the_command_that_tightens_them() {
    let root = wallets();
    let directory = root.path().join("bt-wallet-4.1.1/golden");
    let wallet = wallet(&root, "bt-wallet-4.1.1", "golden", "hot1");
    for (path, mode) in [("hotkeys/hot1", 0o640), ("coldkeypub.txt", 0o666), ("hotkeys", 0o777)] {
        set_permissions(directory.join(path), Permissions::from_mode(mode)).unwrap();
    }

    let problems = problems(&wallet);

    assert_eq!(
        problems,
        [
            format!(
                "mode 0777: others can replace the keys in this directory -> chmod go-w '{}/hotkeys'",
                directory.display()
            ),
            format!(
                "mode 0640: others on this host can get at the key -> chmod 600 '{}/hotkeys/hot1'",
                directory.display()
            ),
            format!(
                "mode 0666: others can put another address here -> chmod go-w '{}/coldkeypub.txt'",
                directory.display()
            ),
        ]
    );
}

#[test]
fn a_swapped_public_file_is_a_finding() {
    let root = wallets();
    let hotkeys = root.path().join("bt-wallet-4.1.1/golden/hotkeys");
    copy(hotkeys.join("hot6_uripub.txt"), hotkeys.join("hot1pub.txt")).unwrap();

    let problems = problems(&wallet(&root, "bt-wallet-4.1.1", "golden", "hot1"));

    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("the address is 5Grwva"), "{problems:?}");
}

#[test]
fn an_empty_directory_says_what_is_missing() {
    let root = TempDir::new().unwrap();

    let inspection = wallet(&root, "", "miner", "default").inspect();

    assert_eq!((inspection.coldkey_file, inspection.hotkey_file), (KeyPresence::Absent, KeyPresence::Absent));
    assert_eq!((inspection.coldkey, inspection.hotkey), (None, None));
    let paths: Vec<&str> = inspection.findings.iter().map(|finding| finding.path.as_str()).collect();
    assert!(
        matches!(paths[..], [coldkeypub, hotkey] if coldkeypub.ends_with("coldkeypub.txt") && hotkey.ends_with("default"))
    );
}

#[test]
fn garbage_is_unreadable_and_a_finding() {
    let root = TempDir::new().unwrap();
    let directory = root.path().join("miner");
    create_dir_all(directory.join("hotkeys")).unwrap();
    for path in ["coldkey", "coldkeypub.txt", "hotkeys/default"] {
        write(directory.join(path), b"\xff\x00").unwrap();
        set_permissions(directory.join(path), Permissions::from_mode(0o600)).unwrap();
    }

    let inspection = wallet(&root, "", "miner", "default").inspect();

    assert_eq!((inspection.coldkey_file, inspection.hotkey_file), (KeyPresence::Unreadable, KeyPresence::Unreadable));
    assert_eq!(inspection.findings.len(), 3);
}
