//! Accepts validators' connections on one address.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use daemon_kit::Workers;
use tokio::net::{TcpListener, TcpStream};

use crate::connection;
use crate::request::Site;

/// How long to wait after the system could not give a connection: it has too many open files, usually.
const PAUSE: Duration = Duration::from_millis(200);

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// Another program has it.
    #[error(
        "{address} is in use by another program: stop that one (ss -ltnp names it), or change listeners in \
         miner-config.json"
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// It is no address of this host.
    #[error(
        "{address} is not an address of this host: write 0.0.0.0 for all of them under listeners in miner-config.json"
    )]
    NotOurs {
        /// The address.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("{address} cannot be listened on: change listeners in miner-config.json")]
    Io {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Binds an address; port 0 is any free one. Returns what was bound.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let bound = match TcpListener::bind(address).await {
        Ok(listener) => listener.local_addr().map(|bound| (listener, bound)),
        Err(error) => Err(error),
    };
    bound.map_err(|source| {
        if source.kind() == ErrorKind::AddrInUse {
            ListenError::InUse { address }
        } else if source.kind() == ErrorKind::AddrNotAvailable {
            ListenError::NotOurs { address }
        } else {
            ListenError::Io { address, source }
        }
    })
}

/// Accepts connections until the daemon stops.
pub(crate) async fn accept(listener: TcpListener, site: Site, workers: Workers) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = workers.stopping() => return,
        };
        match accepted {
            Ok((socket, peer)) => welcome(socket, peer, &site, &workers),
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn welcome(socket: TcpStream, peer: SocketAddr, site: &Site, workers: &Workers) {
    // Answers go out whole: waiting for more would only cost time.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "A connection was gone at once");
        return;
    }
    match site.front.load.connections.enter(peer.ip()) {
        Some(place) => {
            let (site, inner) = (site.clone(), workers.clone());
            workers.spawn("validator-connection", async move {
                connection::serve(socket, peer.ip(), site, inner.stopping(), place).await;
            });
        }
        None => connection::turn_away(&socket, peer.ip(), site),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let (_first, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();

        let error = bind(address).await.unwrap_err();

        assert!(matches!(error, ListenError::InUse { .. }), "{error}");
        assert!(error.to_string().contains(&address.to_string()));
    }

    #[tokio::test]
    async fn an_address_of_another_host_is_told_apart() {
        let error = bind("192.0.2.1:0".parse().unwrap()).await.unwrap_err();

        assert!(matches!(error, ListenError::NotOurs { .. }), "{error}");
    }
}
