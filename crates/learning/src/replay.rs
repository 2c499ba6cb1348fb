//! Replays tables of outcomes: how would the learner, and others, have fared?

pub mod comparison;
mod epochs;
mod immediate;
pub mod optimum;
mod player;
pub mod prompt;
mod purse;
pub mod run;
mod strategic;
pub mod stream;
pub mod table;
