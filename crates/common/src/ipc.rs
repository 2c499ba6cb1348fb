//! The envelope of every message on a Unix socket, and the faults that can come back instead of a reply.

mod fault;
mod frame;

pub use fault::{Fault, FaultCode};
pub use frame::{
    Call, Cancel, ClientFrame, Event, FRAME_LIMIT, Hello, PROTOCOL, Reply, Request, Response, ServerFrame,
};
