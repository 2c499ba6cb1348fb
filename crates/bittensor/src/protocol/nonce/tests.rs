//! The window as its owner sees it, over restarts too.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
const NOW: u64 = 1_795_345_600 * SECOND;
const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];

fn nonce(ns: u64) -> Nonce {
    Nonce { ns, caller: ALICE, uuid: "client".into() }
}

fn bound(ns: u64) -> NonceBound {
    NonceBound { caller: ALICE, ns }
}

#[test]
fn a_nonce_works_once() {
    let mut window = NonceWindow::new(10, 0);

    assert!(window.spend(nonce(NOW), NOW).is_ok());
    assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
}

#[test]
fn nonces_work_in_any_order() {
    let mut window = NonceWindow::new(10, 0);

    for ns in [NOW, NOW - 2, NOW - 1, NOW + 1] {
        assert!(window.spend(nonce(ns), NOW).is_ok());
    }
}

#[test]
fn another_caller_or_client_has_its_own_nonces() {
    let mut window = NonceWindow::new(10, 0);

    assert!(window.spend(nonce(NOW), NOW).is_ok());
    assert!(window.spend(Nonce { caller: BOB, ..nonce(NOW) }, NOW).is_ok());
    assert!(window.spend(Nonce { uuid: "other".into(), ..nonce(NOW) }, NOW).is_ok());
}

#[test]
fn a_full_window_refuses_rather_than_forgets() {
    let mut window = NonceWindow::new(2, 0);
    window.spend(nonce(NOW - 1), NOW).unwrap();
    window.spend(nonce(NOW), NOW).unwrap();

    assert_eq!(window.spend(nonce(NOW + 1), NOW), Err(NonceError::Full));
    assert_eq!(window.spend(nonce(NOW - 1), NOW), Err(NonceError::Used));
    assert!(window.spend(nonce(NOW + 70 * SECOND), NOW + 70 * SECOND).is_ok());
}

#[test]
fn callers_are_forgotten_only_once_their_age_refuses_them() {
    let mut window = NonceWindow::new(1, 0).after_restart([bound(NOW)]);
    let bob = |ns| Nonce { caller: BOB, ..nonce(ns) };
    let later = NOW + 64 * SECOND;

    assert_eq!(window.spend(bob(later - 1), later - 1), Err(NonceError::Full));
    assert!(window.spend(bob(later), later).is_ok());
    assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
}

#[test]
fn everything_at_or_under_the_floor_is_refused() {
    let mut window = NonceWindow::new(10, NOW);

    assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
    assert!(window.spend(nonce(NOW + 1), NOW).is_ok());
}

#[test]
fn a_clock_set_back_makes_no_nonce_work_again() {
    let mut window = NonceWindow::new(10, 0);
    window.spend(nonce(NOW), NOW).unwrap();
    window.spend(nonce(NOW + 100 * SECOND), NOW + 100 * SECOND).unwrap();

    assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
    assert!(window.spend(nonce(NOW + 1), NOW).is_ok());
}

#[test]
fn a_stored_bound_serves_the_requests_under_it() {
    let mut window = NonceWindow::new(10, 0);

    let first = window.spend(nonce(NOW), NOW);
    window.stored(bound(NOW + 50 * MS));

    assert_eq!(first, Ok(Some(bound(NOW + 50 * MS))));
    assert_eq!(window.spend(nonce(NOW - 1), NOW), Ok(None));
    assert_eq!(window.spend(nonce(NOW + 50 * MS), NOW), Ok(None));
    assert_eq!(window.spend(nonce(NOW + 50 * MS + 1), NOW), Ok(Some(bound(NOW + 100 * MS + 1))));
}

#[test]
fn a_bound_that_is_not_stored_serves_nobody() {
    let mut window = NonceWindow::new(10, 0);
    window.spend(nonce(NOW), NOW).unwrap();

    assert_eq!(window.spend(nonce(NOW + 1), NOW), Ok(Some(bound(NOW + 50 * MS + 1))));
}

#[test]
fn a_restart_refuses_a_caller_only_what_is_under_his_own_bound() {
    let mut window = NonceWindow::new(10, 0).after_restart([bound(NOW)]);

    assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
    assert!(window.spend(nonce(NOW + 1), NOW).is_ok());
    assert!(window.spend(Nonce { caller: BOB, ..nonce(NOW - SECOND) }, NOW).is_ok());
}

/// What may happen, with times in tenths of a second.
#[derive(Clone, Debug)]
enum Step {
    /// A request, the time at which it comes, and whether storing its bound works if one is needed.
    Ask { caller: u8, tenth: u64, now: u64, stores: bool },
    /// `kill -9`: memory is gone, what was stored is not.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few nonces, so that most come again; the clock is near all of them, or so far ahead that some or all are too old.
    let now = prop_oneof![0_u64..60, 640_u64..760];
    let ask = (0_u8..12, 0_u64..60, now, prop::bool::weighted(0.9));
    let ask = ask.prop_map(|(caller, tenth, now, stores)| Step::Ask { caller, tenth, now, stores });
    prop::collection::vec(prop_oneof![9 => ask, 1 => Just(Step::Restart)], 1..300)
}

fn stored(disk: &HashMap<[u8; 32], u64>) -> impl Iterator<Item = NonceBound> {
    disk.iter().map(|(&caller, &ns)| NonceBound { caller, ns })
}

proptest! {
    /// The clock jumps, nonces come in any order, there are more callers than places, and the end may come at any time.
    #[test]
    fn no_nonce_is_answered_twice(steps in steps()) {
        let (mut disk, mut answered) = (HashMap::new(), HashSet::new());
        let mut window = NonceWindow::new(8, 0);
        for step in steps {
            let Step::Ask { caller, tenth, now, stores } = step else {
                window = NonceWindow::new(8, 0).after_restart(stored(&disk));
                continue;
            };
            let nonce = Nonce { caller: [caller; 32], ..nonce(NOW + tenth * 100 * MS) };
            let is_answered = match window.spend(nonce, NOW + now * 100 * MS) {
                Ok(None) => true,
                Ok(Some(bound)) if stores => {
                    let ns = disk.entry(bound.caller).or_insert(0);
                    *ns = bound.ns.max(*ns);
                    window.stored(bound);
                    true
                }
                Ok(Some(_)) | Err(_) => false,
            };
            if is_answered {
                prop_assert!(answered.insert((caller, tenth)));
            }
        }
    }

    /// The first request after a restart is accepted if it was signed the lead after the newest one before, or if its
    /// caller never came before.
    #[test]
    fn a_restart_refuses_no_newer_request(used in prop::collection::vec((0_u8..3, 0_u64..2000), 0..50)) {
        let mut window = NonceWindow::new(100, 0);
        let (mut disk, mut newest) = (HashMap::new(), HashMap::new());
        for (caller, ms) in used {
            let nonce = Nonce { caller: [caller; 32], ..nonce(NOW + ms * MS) };
            let ns = newest.entry(caller).or_insert(0);
            *ns = nonce.ns.max(*ns);
            if let Ok(Some(bound)) = window.spend(nonce, NOW) {
                let ns = disk.entry(bound.caller).or_insert(0);
                *ns = bound.ns.max(*ns);
                window.stored(bound);
            }
        }

        let mut window = NonceWindow::new(100, 0).after_restart(stored(&disk));

        for caller in 0..3 {
            let ns = newest.get(&caller).map_or(NOW, |newest| newest + 50 * MS + 1);
            let spent = window.spend(Nonce { caller: [caller; 32], ..nonce(ns) }, NOW);
            prop_assert!(spent.is_ok(), "{spent:?}");
        }
    }
}
