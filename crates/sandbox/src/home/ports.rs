//! Ports that nobody uses.

use std::net::{Ipv4Addr, TcpListener};

use super::PrepareError;

/// How many ports are tried.
const TRIES: u16 = 200;

/// Returns the first free port from `first` on.
pub(super) fn free(first: u16) -> Result<u16, PrepareError> {
    let last = first.saturating_add(TRIES);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (first.max(1)..=last).find(is_free).ok_or(PrepareError::NoPort { from: first, to: last })
}

/// Returns the first free port above another.
pub(super) fn free_above(port: u16) -> Result<u16, PrepareError> {
    port.checked_add(1).map_or(Err(PrepareError::NoPort { from: port, to: port }), free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_passed_over() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();

        assert!(free(taken).unwrap() > taken);
    }

    #[test]
    fn above_the_last_port_there_is_none() {
        assert!(matches!(free_above(u16::MAX), Err(PrepareError::NoPort { .. })));
    }
}
