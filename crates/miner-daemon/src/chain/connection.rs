//! Says in the log how the connection and the chain's runtime change.

use chain::ConnectionState;

use super::Scope;

/// Tells changes until the daemon stops.
pub(super) async fn tell(scope: Scope) {
    let mut connection = scope.client.connection();
    let mut runtime = scope.client.runtime();
    let mut was_up = None;
    loop {
        let is_up = {
            let state = connection.borrow_and_update();
            match &*state {
                ConnectionState::Up { endpoint, .. } if was_up != Some(true) => {
                    tracing::info!(%endpoint, "The chain is connected");
                }
                ConnectionState::Down { last: Some(error), .. } if was_up != Some(false) => {
                    tracing::warn!(%error, "The chain is not connected; what is known of it is used on");
                }
                ConnectionState::Up { .. } | ConnectionState::Down { .. } => {}
            }
            match &*state {
                // Nothing has been tried yet.
                ConnectionState::Down { last: None, .. } => was_up,
                ConnectionState::Up { .. } | ConnectionState::Down { .. } => Some(state.is_up()),
            }
        };
        was_up = is_up;
        tokio::select! {
            changed = connection.changed() => if changed.is_err() { return },
            changed = runtime.changed() => {
                if changed.is_err() {
                    return;
                }
                let runtime = runtime.borrow_and_update().clone();
                let Some(runtime) = runtime else { continue };
                tracing::info!(spec_version = runtime.spec_version, "The chain's runtime was read");
                for difference in &runtime.compatibility.differences {
                    tracing::error!(%difference, "The chain's runtime has another shape; what depends on it is paused");
                }
            }
            () = scope.workers.stopping() => return,
        }
    }
}
