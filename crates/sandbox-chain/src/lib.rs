//! A small real chain for the sandbox and the tests: Substrate's own frame with the part of subtensor that the suite uses.
//!
//! It runs in the process that starts it, as ordinary code: no wasm, no peer-to-peer network, no database.
//!
//! ```no_run
//! # async fn example(genesis: sandbox_chain::Genesis) -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox_chain::{Node, NodeConfig};
//!
//! let node = Node::start(&NodeConfig::manual(genesis))?;
//! let serving = node.run(); // to be spawned
//! node.new_block()?;
//! println!("{}", node.url());
//! # serving.await;
//! # Ok(())
//! # }
//! ```
//!
//! # What is upstream's
//! Extrinsics, signatures, nonces, eras, fees, balances, events, dispatch errors, storage keys, state roots and the
//! metadata come from frame, the code that subtensor is built on. Names, indices, arguments, storage and runtime APIs of
//! `SubtensorModule` are those of finney's spec 424, for as much as there is here; a test compares them with finney's own
//! metadata. The order of checks, the pool's error numbers, the epoch's schedule, commit and reveal, pruning and the price
//! of registration follow upstream's source.
//!
//! # What is simulated
//! * **Authoring.** One author; a block is final some blocks later, without votes. Blocks have no seal. A fork is only made
//!   by [`Node::reorg`].
//! * **The epoch.** Stake-weighted median, cut and normalised as upstream's, but without memory: no bonds' average, no
//!   liquid alpha, no children, no root stake. Each subnet has one mechanism. Incentive and dividends are shares of 65535 in
//!   sum, as on finney.
//! * **Emission.** One alpha a block and subnet, 18 % to the subnet's owner and the rest halved between miners and
//!   validators; TAO and alpha flow into the pool at its own price, so that emission moves no price.
//! * **The pool.** Constant product with a fee of 0.3 %; upstream's is weighted. The moving price is the price.
//! * **The time lock** of `commit_timelocked_weights` is no encryption ([`pallet::seal`]), and there is no drand: weights
//!   open when their epoch has come.
//! * **Another runtime** ([`Node::upgrade`]) has another spec version and other metadata, while the code stays the same: a
//!   transaction of the new shape is not understood.
//! * `register` takes no proof of work, as upstream's since it burns. There is no sudo, no MEV shield, no proxy, no
//!   multisig, no EVM; commitments are always empty.
//! * Published frame is newer than the one subtensor is built on: `Balances` emits more events, so events are found by
//!   name and not by number.
//! * Blocks, states and forks older than [`NodeConfig::history`] are forgotten, headers too; after a restart from a state
//!   file there is nothing but the head.

pub mod commitments;
mod genesis;
mod node;
pub mod pallet;
pub mod runtime;

pub use genesis::{Account, Genesis, Neuron, Subnet};
pub use node::{CallError, Endpoint, Head, Node, NodeConfig, Pace, Refusal, StartError, SubmitError};
