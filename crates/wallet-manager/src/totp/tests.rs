use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// The key of RFC 6238's test vectors.
const KEY: [u8; 20] = *b"12345678901234567890";

fn totp(directory: &tempfile::TempDir) -> Totp {
    Totp::new(directory.path().join("totp.json"), "miner:one")
}

fn code(text: &str) -> Secret {
    Secret::new(Zeroizing::new(text.to_owned()))
}

/// The last six digits of the RFC's codes: at 59 s, 1111111109 s and 1111111111 s.
const AT: [(u64, &str); 3] = [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471")];

#[test]
fn the_codes_of_the_rfc_count_once_each() {
    let directory = tempfile::tempdir().unwrap();
    let totp = totp(&directory);
    let mut now = Instant::now();
    totp.enrol(KEY).unwrap();
    totp.confirm(&code("755224"), 0, now).unwrap_err();
    now += crate::backoff::FIRST;
    totp.confirm(&code(AT[0].1), AT[0].0, now).unwrap();

    for (unix_s, text) in AT.into_iter().skip(1) {
        assert!(totp.verify(&code(text), unix_s, now).is_ok(), "{text}");
        assert!(matches!(totp.verify(&code(text), unix_s, now), Err(TotpError::Wrong)));
        now += crate::backoff::LONGEST;
    }
    assert_eq!(totp.state(), TotpState::Confirmed);
}

#[test]
fn an_older_code_does_not_count_after_a_newer_one_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let now = Instant::now();
    totp(&directory).enrol(KEY).unwrap();
    totp(&directory).confirm(&code(AT[2].1), AT[2].0, now).unwrap();

    let older = totp(&directory).verify(&code(AT[1].1), AT[2].0, now);

    assert!(matches!(older, Err(TotpError::Wrong)));
}

#[test]
fn a_secret_counts_only_after_a_first_code() {
    let directory = tempfile::tempdir().unwrap();
    let totp = totp(&directory);
    let now = Instant::now();
    assert_eq!(totp.state(), TotpState::Absent);
    assert!(matches!(totp.verify(&code(AT[0].1), AT[0].0, now), Err(TotpError::NotEnrolled)));

    let uri = totp.enrol(KEY).unwrap();

    assert_eq!(totp.state(), TotpState::Unconfirmed);
    assert!(matches!(totp.verify(&code(AT[0].1), AT[0].0, now), Err(TotpError::NotEnrolled)));
    assert!(uri.expose().starts_with("otpauth://totp/miner:miner-one?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
}

#[test]
fn a_secret_that_counts_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let totp = totp(&directory);
    totp.enrol([1; 20]).unwrap();
    totp.enrol(KEY).unwrap();
    totp.confirm(&code(AT[0].1), AT[0].0, Instant::now()).unwrap();

    assert!(matches!(totp.enrol([1; 20]), Err(TotpError::Enrolled { .. })));
}

#[test]
fn wrong_codes_make_a_pause_in_which_the_right_one_is_not_tried() {
    let directory = tempfile::tempdir().unwrap();
    let totp = totp(&directory);
    let now = Instant::now();
    totp.enrol(KEY).unwrap();

    for wrong in ["000000", "28708", "2870820", "28708a", "２８７０８２", ""] {
        assert!(
            matches!(totp.confirm(&code(wrong), 59, now + backoff_so_far(&totp, now)), Err(TotpError::Wrong)),
            "{wrong}"
        );
    }
    let during = totp.confirm(&code(AT[0].1), 59, now);
    let after = totp.confirm(&code(AT[0].1), 59, now + crate::backoff::LONGEST);

    assert!(matches!(during, Err(TotpError::BackingOff { .. })));
    assert!(after.is_ok());
}

fn backoff_so_far(totp: &Totp, now: Instant) -> Duration {
    totp.backoff.lock().unwrap().wait(now).unwrap_or_default()
}

#[test]
fn the_file_is_private_and_one_that_is_not_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let totp = totp(&directory);
    totp.enrol(KEY).unwrap();
    let path = directory.path().join("totp.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();

    assert_eq!(totp.state(), TotpState::Unreadable);
    assert!(matches!(totp.enrol(KEY), Err(TotpError::File(TotpFileError::Loose { mode: 0o644, .. }))));
}
