//! miner-daemon: the miner's face to validators. It verifies their requests, lets task-handler answer, and records what
//! became of each.

mod adapter;
mod admission;
mod callers;
mod chain;
mod check;
mod clock;
mod connection;
mod counts;
mod delivery;
mod front;
mod health;
mod limits;
mod listener;
mod mapping;
mod nonces;
mod rates;
mod records;
mod refusals;
mod request;
mod routes;
mod start;
mod status;

pub use adapter::conversation_genome;
pub use check::check;
pub use start::run;
