//! One call of a server: admitted, run until its reply, its deadline or its cancellation, answered.

use std::sync::Arc;
use std::time::Duration;

use common::ipc::{Fault, FaultCode, Reply, Request};
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::table::Place;
use super::{CallContext, Service};
use crate::ipc::codec::FrameError;
use crate::ipc::events::EventSender;

/// Nobody waits longer, and an `Instant` can be that far away.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Starts a call.
///
/// # Errors
/// It is not a call of the service, or there are too many in flight. Nothing was done.
pub(super) fn start<S: Service>(
    request: &Request<Box<RawValue>>,
    connection: &Arc<Connection<S>>,
) -> Result<(), Fault> {
    let deadline = Instant::now() + Duration::from_millis(request.remaining_ms).min(LONGEST);
    let permit = admit(connection)?;
    let call = parse::<S>(&request.call, connection.server.name)?;
    let place = connection.table.insert(request.id);
    // Boxed, because it is large and every layer around it would move it.
    let call = Box::pin(run(call, request.id, deadline, place, permit, Arc::clone(connection)));
    connection.server.workers.spawn("ipc-call", connection.calls.track_future(call));
    Ok(())
}

fn admit<S>(connection: &Connection<S>) -> Result<OwnedSemaphorePermit, Fault> {
    let server = &connection.server;
    let overloaded = || Fault::new(FaultCode::Overloaded, format!("{} has too many calls in flight", server.name));
    if connection.calls.len() >= server.limits.calls_per_connection {
        return Err(overloaded());
    }
    Arc::clone(&server.calls).try_acquire_owned().map_err(|_| overloaded())
}

fn parse<S: Service>(call: &RawValue, name: &str) -> Result<S::Call, Fault> {
    serde_json::from_str(call.get()).map_err(|error| {
        let error = FrameError::of(&error);
        Fault::new(FaultCode::Invalid, format!("not a call that this release of {name} knows: {error}"))
    })
}

async fn run<S: Service>(
    call: S::Call,
    id: u64,
    deadline: Instant,
    place: Place,
    permit: OwnedSemaphorePermit,
    connection: Arc<Connection<S>>,
) {
    let context = CallContext {
        deadline,
        cancelled: place.token().clone(),
        events: EventSender::new(id, connection.frames.clone()),
        peer_uid: connection.uid,
    };
    let handling = timeout_at(deadline, connection.server.service.handle(call, context));
    let Some(reply) = place.token().run_until_cancelled(handling).await else { return };
    let reply = reply.unwrap_or_else(|_| {
        Reply::Fault(Fault::new(FaultCode::Timeout, format!("{} did not finish in time", connection.server.name)))
    });
    // The id is free before the caller can learn of the reply and use it again.
    drop(place);
    drop(permit);
    connection.reply(id, reply).await;
}
