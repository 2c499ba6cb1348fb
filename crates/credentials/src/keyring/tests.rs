use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::identity::Lookup;
use crate::sealed::open_for;

const HANDLER: Audience = Audience::TaskHandler;

#[test]
fn a_process_gets_one_key_for_good() {
    let (home, keyring) = keyring();

    let first = keyring.ensure(HANDLER).unwrap();
    let second = keyring.ensure(HANDLER).unwrap();

    assert_eq!(first, second);
    assert_eq!(identity(&home).recipient(), first);
    assert_ne!(keyring.ensure(Audience::Tracker).unwrap(), first);
}

#[test]
fn keys_are_private() {
    let (_home, keyring) = keyring();

    keyring.ensure(HANDLER).unwrap();
    let recovery = keyring.make_recovery().unwrap();

    for path in [keyring.identity_path(HANDLER), recovery] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    assert_eq!(fs::metadata(&keyring.directory).unwrap().permissions().mode() & 0o7777, 0o700);
}

#[test]
fn a_process_without_a_key_has_no_recipients() {
    let (_home, keyring) = keyring();

    assert!(matches!(keyring.recipients(HANDLER), Err(IdentityError::Missing { .. })));
}

#[test]
fn a_recipient_alone_is_enough_to_encrypt() {
    let (_home, keyring) = keyring();
    let elsewhere = Identity::generate().recipient();
    private_file::replace(&keyring.directory.join("task-handler.recipient"), elsewhere.to_string().as_bytes()).unwrap();

    assert_eq!(keyring.ensure(HANDLER).unwrap(), elsewhere);
    assert!(!keyring.identity_path(HANDLER).exists());
}

#[test]
fn the_recovery_key_is_one_of_the_recipients_and_opens() {
    let (_home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    let recovery = Identity::read(&keyring.make_recovery().unwrap()).unwrap();

    let recipients = keyring.recipients(HANDLER).unwrap();

    assert_eq!(recipients.last(), Some(&recovery.recipient()));
    let opened = open_for(HANDLER, &file(&recipients), &recovery).unwrap();
    assert_eq!(opened["openai"].expose_secret(), "sk-1");
}

#[test]
fn a_recovery_key_is_not_replaced_by_accident() {
    let (_home, keyring) = keyring();
    let path = keyring.make_recovery().unwrap();
    fs::remove_file(path).unwrap();

    let error = keyring.make_recovery().unwrap_err();

    assert!(matches!(error, IdentityError::File(FileError::Exists { .. })), "{error}");
}

#[test]
fn a_recovery_key_made_elsewhere_can_be_set() {
    let (_home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    let recovery = Identity::generate().recipient();

    keyring.set_recovery(&recovery).unwrap();

    assert_eq!(keyring.recovery().unwrap(), Some(recovery));
}

#[test]
fn after_a_rotation_only_the_new_key_opens() {
    let (home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    let old_identity = identity(&home);
    let old = file(&keyring.recipients(HANDLER).unwrap());
    let mut saved = None;

    keyring
        .rotate(HANDLER, &old, |new| {
            saved = Some(new.clone());
            Ok(())
        })
        .unwrap();

    let new = saved.unwrap();
    assert_eq!(open_for(HANDLER, &new, &identity(&home)).unwrap()["openai"].expose_secret(), "sk-1");
    assert!(open_for(HANDLER, &new, &old_identity).is_err());
    assert!(open_for(HANDLER, &old, &identity(&home)).is_err());
    assert_eq!(keyring.recipients(HANDLER).unwrap(), [identity(&home).recipient()]);
}

#[test]
fn a_rotation_that_dies_while_saving_loses_nothing() {
    let (home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    let old = file(&keyring.recipients(HANDLER).unwrap());
    let mut half_saved = None;

    let result = keyring.rotate(HANDLER, &old, |new| {
        half_saved = Some(new.clone());
        Err(FileError::Missing { path: "disk".into() })
    });

    assert!(result.is_err());
    for file in [&old, &half_saved.unwrap()] {
        assert_eq!(open_for(HANDLER, file, &identity(&home)).unwrap()["openai"].expose_secret(), "sk-1");
    }
    keyring.rotate(HANDLER, &old, |_| Ok(())).unwrap();
    assert_eq!(identity(&home).keys().count(), 1);
}

#[test]
fn a_rotation_leaves_other_processes_alone() {
    let (home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    let mut old = file(&keyring.recipients(HANDLER).unwrap());
    let tracker = CredentialEntry { audience: Audience::Tracker, age: "untouched".into() };
    old.entries.insert("telegram".into(), tracker.clone());
    let mut saved = None;

    keyring
        .rotate(HANDLER, &old, |new| {
            saved = Some(new.clone());
            Ok(())
        })
        .unwrap();

    assert_eq!(saved.unwrap().entries["telegram"], tracker);
    assert!(identity(&home).keys().count() == 1);
}

#[test]
fn a_rotation_with_a_damaged_entry_changes_nothing() {
    let (home, keyring) = keyring();
    let before = keyring.ensure(HANDLER).unwrap();
    let mut damaged = file(&keyring.recipients(HANDLER).unwrap());
    damaged.entries.get_mut("openai").unwrap().age = "gone".into();

    let error = keyring.rotate(HANDLER, &damaged, |_| panic!("not to be saved")).unwrap_err();

    assert!(matches!(error, CredentialError::Damaged { .. }), "{error}");
    assert_eq!(identity(&home).recipient(), before);
}

#[test]
fn a_loose_identity_stops_every_command() {
    let (_home, keyring) = keyring();
    keyring.ensure(HANDLER).unwrap();
    fs::set_permissions(keyring.identity_path(HANDLER), fs::Permissions::from_mode(0o644)).unwrap();

    assert!(matches!(keyring.ensure(HANDLER), Err(IdentityError::File(FileError::Mode { .. }))));
    assert!(matches!(keyring.recipients(HANDLER), Err(IdentityError::File(FileError::Mode { .. }))));
}

fn keyring() -> (TempDir, Keyring) {
    let home = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(home.path()).unwrap();
    (home, keyring)
}

fn identity(home: &TempDir) -> Identity {
    Lookup { systemd: None, explicit: None, state: home.path().into() }.find(HANDLER).unwrap()
}

fn file(recipients: &[Recipient]) -> LlmCredentials {
    let entry = CredentialEntry { audience: HANDLER, age: seal(&"sk-1".into(), recipients).unwrap() };
    LlmCredentials { version: 1, entries: [("openai".to_owned(), entry)].into() }
}
