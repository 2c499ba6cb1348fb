use std::cell::Cell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use bittensor::keys::Scheme;
use bittensor::wallet::{KeySecret, Protection, Seal};

use super::*;

const IDLE: Duration = Duration::from_secs(60);
const ADDRESS: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

fn wallet(directory: &tempfile::TempDir, protection: Protection<'_>) -> Wallet {
    let wallet = Wallet::locate(directory.path().to_str().unwrap(), "miner", "default").unwrap();
    wallet.write_coldkey(&KeySecret::parse(WORDS).unwrap(), Scheme::Sr25519, protection).unwrap();
    wallet
}

fn plain(directory: &tempfile::TempDir) -> Keyring {
    Keyring::new(wallet(directory, Protection::Plain), IDLE)
}

#[test]
fn a_locked_key_signs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);

    let signed = keyring.with_signer(Instant::now(), |_| ());

    assert_eq!(signed, Err(Locked));
    assert_eq!(keyring.state(Instant::now()), KeyringState::Locked { refuses_for: None });
}

#[test]
fn an_unlocked_key_signs_until_it_has_been_idle() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    let start = Instant::now();
    keyring.unlock("", Presence::Attended, || start).unwrap();

    let used = start + IDLE - Duration::from_secs(1);
    let address = keyring.with_signer(used, |key| key.address());

    assert_eq!(address.unwrap().as_str(), ADDRESS);
    assert_eq!(keyring.state(used), KeyringState::Unlocked { locks_in: Some(IDLE) });
    assert!(keyring.with_signer(used + IDLE, |_| ()).is_err());
}

#[test]
fn a_locked_key_is_gone_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    let now = Instant::now();
    keyring.unlock("", Presence::Attended, || now).unwrap();

    keyring.lock();

    assert_eq!(keyring.with_signer(now, |_| ()), Err(Locked));
}

#[test]
fn wrong_passwords_are_tried_ever_more_seldom_and_do_not_lock_what_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let keyring =
        Keyring::new(wallet(&directory, Protection::Password(Seal { password: b"right", nonce: [1; 24] })), IDLE);
    let now = Cell::new(Instant::now());

    let wrong = keyring.unlock("wrong", Presence::Attended, || now.get()).unwrap_err();
    let soon = keyring.unlock("right", Presence::Attended, || now.get()).unwrap_err();
    now.set(now.get() + crate::backoff::FIRST);
    let later = keyring.unlock("right", Presence::Attended, || now.get());
    let wrong_again = keyring.unlock("wrong", Presence::Attended, || now.get());

    assert!(matches!(wrong, UnlockError::Wallet(WalletError::Keyfile { source: KeyfileError::WrongPassword(_), .. })));
    assert!(matches!(soon, UnlockError::BackingOff { wait } if wait == crate::backoff::FIRST), "{soon}");
    assert!(later.is_ok());
    assert!(wrong_again.is_err());
    assert!(keyring.with_signer(now.get(), |_| ()).is_ok());
}

#[test]
fn a_key_that_is_not_the_wallets_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    let public = directory.path().join("miner/coldkeypub.txt");
    fs::write(&public, format!(r#"{{"ss58Address":"{alice}"}}"#)).unwrap();

    let refused = keyring.unlock("", Presence::Attended, Instant::now).unwrap_err();

    assert!(refused.to_string().ends_with("coldkeypub.txt"), "{refused}");
}

#[test]
fn a_file_that_others_can_read_is_refused_and_costs_no_pause() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    fs::set_permissions(directory.path().join("miner/coldkey"), Permissions::from_mode(0o640)).unwrap();

    let refused = keyring.unlock("", Presence::Attended, Instant::now).unwrap_err();

    assert!(matches!(refused, UnlockError::Wallet(WalletError::Loose { mode: 0o640, .. })), "{refused}");
    assert_eq!(keyring.state(Instant::now()), KeyringState::Locked { refuses_for: None });
}

#[test]
fn a_signature_in_the_making_keeps_its_key_when_it_is_locked_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    let now = Instant::now();
    keyring.unlock("", Presence::Attended, || now).unwrap();

    let address = keyring.with_signer(now, |key| {
        keyring.lock();
        key.address()
    });

    assert_eq!(address.unwrap().as_str(), ADDRESS);
    assert_eq!(keyring.with_signer(now, |_| ()), Err(Locked));
}

#[test]
fn a_key_that_was_opened_with_nobody_there_stays_open_until_it_is_locked() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = plain(&directory);
    let now = Instant::now();
    keyring.unlock("", Presence::Unattended, || now).unwrap();

    assert!(keyring.with_signer(now + 1000 * IDLE, |_| ()).is_ok());
    assert_eq!(keyring.state(now + 2000 * IDLE), KeyringState::Unlocked { locks_in: None });
    keyring.lock();
    assert!(keyring.with_signer(now, |_| ()).is_err());
}

#[tokio::test(start_paused = true)]
async fn an_idle_key_is_locked_without_being_asked() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Keyring::new(wallet(&directory, Protection::Plain), Duration::ZERO));
    let watch = Arc::clone(&keyring).lock_when_idle();

    keyring.unlock("", Presence::Attended, Instant::now).unwrap();
    let watched = tokio::time::timeout(Duration::from_secs(1), watch).await;

    assert!(watched.is_err());
    assert!(keyring.inner().open.is_none());
}
