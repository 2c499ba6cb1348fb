//! Calls another daemon over one connection that many calls share.

mod handshake;
mod link;
mod pending;

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::ipc::{Call, FRAME_LIMIT, Fault, FaultCode, Reply};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

pub use handshake::ConnectError;
use link::{Connection, Outgoing};

use crate::ipc::codec::FrameError;
use crate::workers::Workers;

/// Room for a request's id and remaining time beside its call.
const ENVELOPE: usize = 256;

/// A handle to another daemon; `S` is the closed enum of that daemon's calls. Clones share the connection, which ends
/// with the last of them.
pub struct Client<S> {
    service: &'static str,
    path: Arc<Path>,
    state: watch::Receiver<State>,
    calls: PhantomData<fn(S)>,
}

/// Whether calls can be made.
#[derive(Clone, Debug)]
enum State {
    Up(Arc<Connection>),
    /// With the reason.
    Down(Arc<str>),
}

impl<S> Client<S> {
    /// Starts connecting, and connects again whenever the connection breaks. `service` is the name that the server
    /// must give itself.
    #[must_use]
    pub fn new(path: PathBuf, service: &'static str, workers: &Workers) -> Self {
        let (sender, state) = watch::channel(State::Down("not connected yet".into()));
        let path: Arc<Path> = path.into();
        let at = Arc::clone(&path);
        workers.spawn_connection("ipc-client", |stop| async move {
            stop.run_until_cancelled(link::keep(&at, service, &sender)).await;
            link::give_up(&sender);
        });
        Self { service, path, state, calls: PhantomData }
    }

    /// Makes a call and waits for its output, at most for `time`. Dropping the future cancels the call.
    ///
    /// # Errors
    /// The service's fault; `unavailable` if the call never left, `timeout` if time ran out, `internal` if the
    /// connection broke with the call in flight.
    pub async fn call<C: Call<Service = S>>(&self, call: C, time: Duration) -> Result<C::Output, Fault> {
        self.start::<C>(call, time, None).await
    }

    /// Makes a call whose reply comes with events. A caller that lets `events` fill up loses the call.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_streaming<C: Call<Service = S>>(
        &self,
        call: C,
        time: Duration,
        events: mpsc::Sender<Box<RawValue>>,
    ) -> Result<C::Output, Fault> {
        self.start::<C>(call, time, Some(events)).await
    }

    /// Waits until there is a connection, or until none will ever be: the process is stopping.
    pub async fn connected(&self) {
        let mut state = self.state.clone();
        // An error means that the connection was given up.
        drop(state.wait_for(|state| matches!(state, State::Up(_))).await);
    }

    async fn start<C: Call<Service = S>>(
        &self,
        call: C,
        time: Duration,
        events: Option<mpsc::Sender<Box<RawValue>>>,
    ) -> Result<C::Output, Fault> {
        let deadline = Instant::now() + time;
        let connection = self.connection()?;
        let call = written::<C>(call)?;
        let (place, mut answer) = connection.pending.insert(events).map_err(|fault| self.with_name(&fault))?;
        let id = place.id();
        let answered = async {
            tokio::select! {
                biased;
                // The connection can break while the call waits in the queue.
                answer = &mut answer => return answer,
                // A closed queue means the same, and the answer is on its way.
                _ = connection.requests.send(Outgoing { id, deadline, call }) => {}
            }
            answer.await
        };
        let reply = match timeout_at(deadline, answered).await {
            Ok(Ok(reply)) => reply.map_err(|fault| self.with_name(&fault))?,
            Ok(Err(_)) => return Err(self.fault(FaultCode::Internal, "the connection was dropped")),
            Err(_) => return Err(self.fault(FaultCode::Timeout, "no reply in time")),
        };
        drop(place);
        output::<C>(reply).map_err(|error| self.fault(FaultCode::Internal, &error.to_string()))?
    }

    fn connection(&self) -> Result<Arc<Connection>, Fault> {
        match &*self.state.borrow() {
            State::Up(connection) => Ok(Arc::clone(connection)),
            State::Down(reason) => Err(Fault::new(
                FaultCode::Unavailable,
                format!("{} cannot be reached at {}: {reason}", self.service, self.path.display()),
            )),
        }
    }

    fn fault(&self, code: FaultCode, message: &str) -> Fault {
        Fault::new(code, format!("{}: {message}", self.service))
    }

    fn with_name(&self, fault: &Fault) -> Fault {
        self.fault(fault.code, &fault.message)
    }
}

/// Connects once. Calls fail with `unavailable` after the connection breaks.
///
/// # Errors
/// Nothing listens there, or it is not the service or the protocol that is wanted.
pub async fn connect<S>(path: &Path, service: &'static str, workers: &Workers) -> Result<Client<S>, ConnectError> {
    let stream = handshake::connect(path, service).await?;
    let (sender, state) = watch::channel(State::Down("not connected yet".into()));
    let connection = link::up(&sender);
    workers.spawn_connection("ipc-client", |stop| async move {
        stop.run_until_cancelled(link::run(stream, connection, &sender)).await;
        link::give_up(&sender);
    });
    Ok(Client { service, path: path.into(), state, calls: PhantomData })
}

fn written<C: Call>(call: C) -> Result<Box<RawValue>, Fault> {
    let invalid = |error: FrameError| Fault::new(FaultCode::Invalid, format!("the call cannot be sent: {error}"));
    let call = serde_json::value::to_raw_value(&call.into()).map_err(|_| invalid(FrameError::Unwritable))?;
    let length = call.get().len();
    if u32::try_from(length + ENVELOPE).is_ok_and(|length| length <= FRAME_LIMIT) {
        Ok(call)
    } else {
        Err(invalid(FrameError::TooLong(length)))
    }
}

fn output<C: Call>(reply: Reply) -> Result<Result<C::Output, Fault>, FrameError> {
    match reply {
        Reply::Ok(output) => serde_json::from_str(output.get()).map(Ok).map_err(|error| FrameError::of(&error)),
        Reply::Fault(fault) => Ok(Err(fault)),
    }
}

impl<S> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self { service: self.service, path: Arc::clone(&self.path), state: self.state.clone(), calls: PhantomData }
    }
}

impl<S> std::fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("service", &self.service).field("path", &self.path).finish_non_exhaustive()
    }
}
