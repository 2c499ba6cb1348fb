//! The chain: a connection that survives its nodes, what stands on the chain, and transactions that are sent once.

mod axon;
mod block;
mod calls;
mod capabilities;
mod client;
mod connection;
mod decoding;
mod driver;
mod effects;
mod endpoints;
pub mod epochs;
mod error;
mod hashing;
mod head;
#[cfg(test)]
mod metadata;
mod metagraph;
mod money;
pub mod network;
pub mod registration;
pub mod serving;
mod shapes;
mod signer;
mod state;
mod submit;
mod transaction;

pub use axon::{Axon, Certificate, HTTP, PublishedAxon, address, number};
pub use block::Block;
pub use calls::Call;
pub use capabilities::Capabilities;
pub use client::{Client, connect};
pub use driver::Driver;
pub use effects::{Effects, Trade};
pub use error::{Cause, ChainError, EndpointError, Refusal, Stage};
pub use head::{Account, BlockHash, Head, NotAHash};
pub use metagraph::{Metagraph, Neuron};
pub use money::{AccountBalance, Exchange, StakePosition};
pub use network::{Endpoint, Settings, SettingsError, Timing};
pub use shapes::{Compatibility, Difference, Item, Purpose};
pub use state::{ConnectionState, Runtime};
pub use submit::{Again, Inclusion, Until};
pub use transaction::{Parts, Signed, Unsigned};
