//! Measures how long a coldkey takes to open, against deriving its key from the password alone.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use bittensor::wallet::Wallet;

const PASSWORD: &[u8] = b"Correct-Horse-9-Battery!";
const ROUNDS: u32 = 5;

fn main() {
    let root = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets/bt-wallet-4.1.1/golden");
    let wallet = root.path().join("golden");
    fs::create_dir(&wallet).unwrap();
    for name in ["coldkey", "coldkeypub.txt"] {
        fs::copy(golden.join(name), wallet.join(name)).unwrap();
        fs::set_permissions(wallet.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    let wallet = Wallet::locate(root.path().to_str().unwrap(), "golden", "default").unwrap();
    let parameters = Params::new(512 * 1024, 8, 1, Some(32)).unwrap();

    let derived = best(|| {
        let argon = Argon2::new(Algorithm::Argon2i, Version::V0x13, parameters.clone());
        argon.hash_password_into(PASSWORD, b"sixteen bytes...", &mut [0; 32]).unwrap();
    });
    let opened = best(|| drop(wallet.coldkey(PASSWORD).unwrap()));

    let ratio = opened.as_secs_f64() / derived.as_secs_f64();
    println!("key derivation {derived:?}, coldkey opened {opened:?}: {ratio:.3} times as long");
}

fn best(mut work: impl FnMut()) -> Duration {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().unwrap_or_default()
}
