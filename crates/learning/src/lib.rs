//! What the miner learns from what validators pay: which model, asked how, earns most, and how sure that is.
//!
//! Pure: no clock, no I/O, and every random number comes from a seed, so that each step can be computed again.

pub mod assembly;
pub mod attribution;
pub mod cusum;
pub mod evidence;
pub mod experiment;
pub mod guard;
pub mod learner;
pub mod noise;
pub mod normal;
pub mod pacing;
pub mod performance;
pub mod posterior;
pub mod publish;
pub mod random;
pub mod replay;
pub mod settings;
pub mod shares;
pub mod strategist;
pub mod subnet;
mod triangle;
