//! Tells systemd how the process is doing, if systemd asked.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Sends a state such as `READY=1` to the socket in `NOTIFY_SOCKET`. Without that variable there is nobody to tell.
pub(crate) fn notify(state: &str) {
    let Some(address) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&address, state) {
        tracing::warn!(%error, state, "Cannot notify systemd");
    }
}

/// Returns how often systemd must hear that this process lives: half of what it allows. Nothing if it does not watch this process.
pub(crate) fn pulse() -> Option<Duration> {
    let text = |name| std::env::var(name).ok();
    interval(text("WATCHDOG_USEC").as_deref(), text("WATCHDOG_PID").as_deref(), std::process::id())
}

fn interval(allowed_us: Option<&str>, watched: Option<&str>, own: u32) -> Option<Duration> {
    // Without a process id the watch is meant for whoever has the variable.
    let is_watched = watched.is_none_or(|pid| pid.parse() == Ok(own));
    let allowed_us: u64 = allowed_us.filter(|_| is_watched)?.parse().ok()?;
    Some(Duration::from_micros(allowed_us / 2)).filter(|half| !half.is_zero())
}

fn send(address: &OsStr, state: &str) -> io::Result<()> {
    let address = match address.as_bytes() {
        // Systemd writes an abstract name with @ in place of its first byte.
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_allowed_time_passes_between_signs_of_life() {
        let second = Some(Duration::from_millis(500));

        assert_eq!(interval(Some("1000000"), None, 7), second);
        assert_eq!(interval(Some("1000000"), Some("7"), 7), second);
        for (allowed_us, watched) in
            [(None, None), (Some("1000000"), Some("8")), (Some("0"), None), (Some("soon"), None)]
        {
            assert_eq!(interval(allowed_us, watched, 7), None, "{allowed_us:?} {watched:?}");
        }
    }

    #[test]
    fn a_state_arrives_at_the_socket() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();

        send(path.as_os_str(), "READY=1").unwrap();

        let mut buffer = [0; 32];
        let count = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"READY=1");
    }

    #[test]
    fn a_state_arrives_at_an_abstract_socket() {
        let name = format!("daemon-kit-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();

        send(OsStr::new(&format!("@{name}")), "READY=1").unwrap();

        let mut buffer = [0; 32];
        let count = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"READY=1");
    }
}
