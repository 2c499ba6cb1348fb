//! A small real chain for the sandbox and the tests: Substrate's own frame with the part of subtensor that the suite uses.

mod genesis;
mod node;
pub mod pallet;
pub mod runtime;

pub use genesis::{Account, Genesis, Neuron, Subnet};
pub use node::{CallError, Endpoint, Head, Node, NodeConfig, Pace, Refusal, StartError, SubmitError};
