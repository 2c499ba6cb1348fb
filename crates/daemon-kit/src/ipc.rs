//! Calls over Unix sockets: length-prefixed JSON, many calls in flight, cancel, deadlines, bounded everywhere.

pub mod codec;

pub(crate) mod backoff;
mod client;
mod events;
mod hello;
mod listener;
mod server;
#[cfg(test)]
mod tests;

pub use client::{Client, ConnectError, connect};
pub use events::{EventError, EventSender};
pub use hello::Mismatch;
pub use listener::{BindError, Listener};
pub use server::{CallContext, Service, serve};
