//! What a miner needs of Bittensor without a chain: keys, wallet files, and the protocols that validators speak.
//!
//! The only I/O is the reading of wallet files; time is always an argument.

pub mod keys;
pub mod protocol;
pub mod python;
pub mod ss58;
pub mod synapse;
pub mod wallet;
