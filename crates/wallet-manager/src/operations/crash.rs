//! Places at which a test lets the process die, as a crash or a power failure would. There are none in a release.

/// Dies without a word, if the environment names this place.
#[cfg(debug_assertions)]
pub(crate) fn here(place: &str) {
    if std::env::var("MINER_TEST_CRASH_AT").is_ok_and(|named| named == place) {
        let _killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn here(_: &str) {}
