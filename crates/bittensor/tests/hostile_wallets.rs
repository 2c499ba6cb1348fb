//! Key files from anywhere: whatever is in them, reading ends in a key or in an error.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{Permissions, create_dir_all, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bittensor::keys::Scheme;
use bittensor::wallet::{KeySecret, KeyfileError, Wallet, WalletError, import};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};
use tempfile::TempDir;

struct Home {
    root: TempDir,
}

impl Home {
    fn with(content: &[u8]) -> Self {
        let root = TempDir::new().unwrap();
        let home = Self { root };
        create_dir_all(home.directory().join("hotkeys")).unwrap();
        for path in ["coldkey", "coldkeypub.txt", "hotkeys/default", "hotkeys/defaultpub.txt"] {
            let path = home.directory().join(path);
            write(&path, content).unwrap();
            set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        }
        home
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("miner")
    }

    fn wallet(&self) -> Wallet {
        Wallet::locate(self.root.path().to_str().unwrap(), "miner", "default").unwrap()
    }
}

fn golden(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets").join(path)).unwrap()
}

/// Whole files and their pieces, of every format but NaCl and Fernet, whose passwords take seconds to try.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        Just(golden("bt-wallet-4.1.1/golden/hotkeys/hot1")),
        Just(golden("bittensor-7.4.0/plain/hotkeys/seed")),
        Just(golden("bt-wallet-4.1.1/golden/hotkeys/hot3_ed25519")),
        Just(golden("bittensor-7.4.0/ansible/coldkey")),
    ];
    prop_oneof![
        vec(any::<u8>(), 0..200),
        ".{0,80}".prop_map(String::into_bytes),
        (json, any::<usize>(), any::<u8>(), any::<bool>()).prop_map(|(mut file, place, byte, cut)| {
            let place = place % file.len();
            if cut {
                file.truncate(place)
            } else if let Some(found) = file.get_mut(place) {
                *found = byte
            }
            file
        }),
        "[0-9a-f\n]{0,200}".prop_map(|digits| format!("$ANSIBLE_VAULT;1.1;AES256\n{digits}").into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_a_key_or_an_error(content in content()) {
        let home = Home::with(&content);
        let wallet = home.wallet();

        let inspection = wallet.inspect();
        let hotkey = wallet.hotkey();
        let coldkey = wallet.coldkey(b"password");

        prop_assert!(hotkey.is_ok() || !inspection.findings.is_empty());
        if let Ok(key) = coldkey {
            prop_assert!(wallet.coldkeypub().is_err() || wallet.coldkeypub().unwrap() == key.address());
        }
    }

    #[test]
    fn any_text_is_a_secret_that_reads_back_or_is_refused(text in prop_oneof![".{0,200}", "(0x)?[0-9a-f]{60,130}", "([a-z]{3,8} ){11}[a-z]{3,8}"]) {
        if let Ok(secret) = KeySecret::parse(&text) {
            let again = secret.mnemonic().map(|words| KeySecret::parse(words).unwrap());
            prop_assert!(again.is_none_or(|again| again.mnemonic() == secret.mnemonic()));
            let _either = secret.keypair(Scheme::Ed25519).is_ok();
        }
    }
}

#[test]
fn a_cut_nacl_file_is_damaged_before_any_password_is_tried() {
    let whole = golden("bittensor-11.3.0/golden/coldkey");
    for length in [5, 6, 28, 29, 44] {
        let home = Home::with(whole.get(..length).unwrap());

        let error = import(&home.directory().join("coldkey"), b"password").unwrap_err();

        assert!(
            matches!(error, WalletError::Keyfile { source: KeyfileError::Ciphertext(_), .. }),
            "{length}: {error:?}"
        );
    }
}

#[test]
fn the_damaged_specimen_says_what_to_do() {
    let home = Home::with(&golden("bt-wallet-4.1.1/golden/hotkeys/hot5_seed"));

    let error = home.wallet().hotkey().unwrap_err();

    let WalletError::Keyfile { source, .. } = error else { unreachable!() };
    assert_eq!(source, KeyfileError::Damaged { field: "secretSeed" });
    assert!(source.to_string().contains("mnemonic"));
}

#[test]
fn a_file_that_never_ends_is_not_read_to_its_end() {
    let home = Home::with(&vec![b' '; 1024 * 1024]);

    assert!(matches!(home.wallet().hotkey(), Err(WalletError::Keyfile { source: KeyfileError::Format, .. })));
}
