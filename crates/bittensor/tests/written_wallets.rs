//! Key files that are written here: what is in them, who may read them, and what they never replace.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{metadata, read, read_dir, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bittensor::keys::Scheme;
use bittensor::wallet::{KeySecret, Protection, Seal, Wallet, WalletError, import};
use serde_json::Value;
use tempfile::TempDir;

const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const OTHER_WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const HOTKEY: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

fn wallet(root: &TempDir) -> Wallet {
    Wallet::locate(root.path().join("wallets").to_str().unwrap(), "miner", "default").unwrap()
}

fn secret(text: &str) -> KeySecret {
    KeySecret::parse(text).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&read(path).unwrap()).unwrap()
}

fn mode(path: &Path) -> u32 {
    metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_key_file_has_what_the_tools_write() {
    let root = TempDir::new().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets");
    for (scheme, theirs) in [
        (Scheme::Sr25519, "bt-wallet-4.1.1/golden/hotkeys/hot1"),
        (Scheme::Ed25519, "bt-wallet-4.1.1/golden/hotkeys/hot3_ed25519"),
    ] {
        let name = format!("{scheme:?}");
        let wallet = Wallet::locate(root.path().to_str().unwrap(), "miner", &name).unwrap();

        wallet.write_hotkey(&secret(WORDS), scheme, Protection::Plain).unwrap();

        let hotkeys = root.path().join("miner/hotkeys");
        assert_eq!(json(&hotkeys.join(&name)), json(&golden.join(theirs)));
        assert_eq!(json(&hotkeys.join(format!("{name}pub.txt"))), json(&golden.join(format!("{theirs}pub.txt"))));
    }
}

#[test]
fn a_seed_and_a_private_key_are_written_without_what_they_do_not_have() {
    let root = TempDir::new().unwrap();
    let private = json(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets/bittensor-11.3.0/golden/hotkeys/hot7_privkey"),
    );
    for (name, text) in [
        ("seed", "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        ("private", private["privateKey"].as_str().unwrap()),
    ] {
        let wallet = Wallet::locate(root.path().to_str().unwrap(), "miner", name).unwrap();

        let address = wallet.write_hotkey(&secret(text), Scheme::Sr25519, Protection::Plain).unwrap();

        let file = json(&root.path().join("miner/hotkeys").join(name));
        assert_eq!(file["secretSeed"].is_string(), name == "seed");
        assert!(file.get("secretPhrase").is_none());
        assert_eq!(file["privateKey"].as_str().unwrap().len(), 130);
        assert_eq!(wallet.hotkey().unwrap().address(), address);
    }
}

#[test]
fn files_and_directories_are_private_and_no_draft_is_left() {
    let root = TempDir::new().unwrap();
    let wallet = wallet(&root);

    wallet.write_coldkey(&secret(OTHER_WORDS), Scheme::Sr25519, Protection::Plain).unwrap();
    wallet.write_hotkey(&secret(WORDS), Scheme::Sr25519, Protection::Plain).unwrap();

    let directory = root.path().join("wallets/miner");
    for path in ["coldkey", "coldkeypub.txt", "hotkeys/default", "hotkeys/defaultpub.txt"] {
        assert_eq!(mode(&directory.join(path)), 0o600, "{path}");
    }
    for path in ["", "hotkeys", ".."] {
        assert_eq!(mode(&directory.join(path)), 0o700, "{path}");
    }
    assert_eq!(read_dir(&directory).unwrap().count(), 3);
    assert_eq!(read_dir(directory.join("hotkeys")).unwrap().count(), 2);
    assert_eq!(wallet.inspect().findings.len(), 1, "only that the coldkey has no password");
}

#[test]
fn a_password_protects_the_secret_and_gives_it_back() {
    let root = TempDir::new().unwrap();
    let wallet = wallet(&root);
    let protection = Protection::Password(Seal { password: "pässword".as_bytes(), nonce: [7; 24] });

    let address = wallet.write_coldkey(&secret(WORDS), Scheme::Ed25519, protection).unwrap();

    let path = root.path().join("wallets/miner/coldkey");
    assert!(read(&path).unwrap().starts_with(b"$NACL"));
    let (opened, scheme) = import(&path, "pässword".as_bytes()).unwrap();
    assert_eq!((opened.mnemonic(), scheme), (Some(WORDS), Scheme::Ed25519));
    assert_eq!(wallet.coldkeypub().unwrap(), address);
}

#[test]
fn a_key_is_never_replaced() {
    let root = TempDir::new().unwrap();
    let wallet = wallet(&root);
    wallet.write_hotkey(&secret(WORDS), Scheme::Sr25519, Protection::Plain).unwrap();
    wallet.write_coldkeypub(&HOTKEY.parse().unwrap(), Scheme::Sr25519).unwrap();

    let hotkey = wallet.write_hotkey(&secret(OTHER_WORDS), Scheme::Sr25519, Protection::Plain);
    let coldkey = wallet.write_coldkey(&secret(OTHER_WORDS), Scheme::Sr25519, Protection::Plain);

    assert!(matches!(hotkey, Err(WalletError::Exists { .. })));
    assert!(matches!(coldkey, Err(WalletError::Exists { path }) if path.ends_with("coldkeypub.txt")));
    assert_eq!(wallet.hotkey().unwrap().address().as_str(), HOTKEY);
    assert!(!root.path().join("wallets/miner/coldkey").exists());
}

#[test]
fn the_coldkey_of_a_watched_wallet_can_be_added() {
    let root = TempDir::new().unwrap();
    let wallet = wallet(&root);
    wallet.write_coldkeypub(&HOTKEY.parse().unwrap(), Scheme::Sr25519).unwrap();

    let address = wallet.write_coldkey(&secret(WORDS), Scheme::Sr25519, Protection::Plain).unwrap();

    assert_eq!(address.as_str(), HOTKEY);
    assert_eq!(wallet.coldkey(b"").unwrap().address(), address);
}

#[test]
fn a_private_key_of_the_other_scheme_leaves_nothing_behind() {
    let root = TempDir::new().unwrap();
    let wallet = wallet(&root);

    let refused = wallet.write_coldkey(&secret(&"0a".repeat(64)), Scheme::Ed25519, Protection::Plain);

    assert!(refused.is_err());
    assert!(!root.path().join("wallets").exists());
}

#[test]
fn an_occupied_path_is_an_error_and_no_panic() {
    let root = TempDir::new().unwrap();
    write(root.path().join("wallets"), b"a file, no directory").unwrap();

    let refused = wallet(&root).write_hotkey(&secret(WORDS), Scheme::Sr25519, Protection::Plain);

    assert!(matches!(refused, Err(WalletError::Unreadable { .. })));
}
