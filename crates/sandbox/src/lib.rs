//! A network to try the miner in: simulated validators and simulated vendors of models, for the real suite between them.
//!
//! # What is real
//! The four daemons and everything between their sockets; the wallet's files; the keys and signatures; HTTP in both
//! directions; the classic synapse protocol as SDK 10.5 sends it, byte for byte as far as anything depends on it; OpenAI's
//! chat format; tokens, prices and budgets.
//!
//! # What is simulated
//! - **Validators** ([`validator`]) differ in rhythm, mix of tasks, strictness and stake. Their tasks ([`task`]) have
//!   answers that can be checked without a model, so a score is a fact and not an opinion.
//! - **Models** ([`vendor`]) solve the tasks by reading the prompt. They know nothing of the validators' seed. How often they
//!   are right, how well they keep to a form and how long they take is configured for each model and kind of task.
//!
//! - **The chain** ([`chain`]) is a small real one (the crate `sandbox-chain`): the miner's client reads it and sends to it as to
//!   any other, its validators find the miner there, and set weights from the scores they gave. The other miners are but
//!   keys with a configured score.
//!
//! All are drawn from a seed: the same seed gives the same tasks and keys, the same question the same answer.
//!
//! # What is not there
//! Nobody registers: the miner has its place from the first block on. No internet: nothing
//! leaves 127.0.0.1. No streams. The simulated validators share no code with the miner's verifier beyond keys and addresses,
//! the vendors none with its vendor clients: what works here demonstrates, and the tests with the real SDK prove.

pub mod audit;
pub mod chain;
pub mod cli;
pub mod command;
pub mod connections;
pub mod dendrite;
pub mod home;
pub mod load;
pub mod score;
pub mod score_log;
pub mod settings;
pub mod task;
pub mod validator;
pub mod vendor;
pub mod watch;

mod line_log;
mod output;
mod random;
mod run;
