//! What the miner learns from what validators pay: which model, asked how, earns most, and how sure that is.
//!
//! Pure: no clock, no I/O, and every random number comes from a seed, so that each step can be computed again.
