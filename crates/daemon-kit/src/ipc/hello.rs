//! The first frame of a connection: who listens, and whether both sides speak the same protocol. Pure.

use common::ipc::{Hello, PROTOCOL};

/// Why a server is not the one that is wanted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// Both sides must come from releases with the same protocol.
    #[error(
        "{service} {version} speaks protocol {theirs}, but this program speaks {PROTOCOL}: install the same release of \
         both and restart {service}"
    )]
    Protocol {
        /// Who listens.
        service: String,
        /// Its version.
        version: String,
        /// Its protocol.
        theirs: u32,
    },
    /// Another daemon has the socket.
    #[error("{found} listens where {expected} is expected: check which daemon was started with which home")]
    Service {
        /// Who listens.
        found: String,
        /// Who should.
        expected: String,
    },
}

/// Checks a server's first frame.
///
/// # Errors
/// The protocol or the service is another.
pub(super) fn check(hello: &Hello, expected: &str) -> Result<(), Mismatch> {
    if hello.protocol != PROTOCOL {
        return Err(Mismatch::Protocol {
            service: hello.service.clone(),
            version: hello.version.clone(),
            theirs: hello.protocol,
        });
    }
    if hello.service != expected {
        return Err(Mismatch::Service { found: hello.service.clone(), expected: expected.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(protocol: u32, service: &str) -> Hello {
        Hello { protocol, service: service.into(), version: "1.2.3".into() }
    }

    #[test]
    fn the_same_protocol_and_service_match() {
        assert_eq!(check(&hello(PROTOCOL, "tracker"), "tracker"), Ok(()));
    }

    #[test]
    fn another_protocol_is_refused_with_what_to_do() {
        let mismatch = check(&hello(PROTOCOL + 1, "tracker"), "tracker").unwrap_err();

        assert!(mismatch.to_string().starts_with("tracker 1.2.3 speaks protocol 2"), "{mismatch}");
    }

    #[test]
    fn another_service_is_refused() {
        let mismatch = check(&hello(PROTOCOL, "wallet"), "tracker").unwrap_err();

        assert_eq!(mismatch, Mismatch::Service { found: "wallet".into(), expected: "tracker".into() });
    }
}
