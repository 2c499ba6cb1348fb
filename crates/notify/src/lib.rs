//! The ways to an operator: Telegram, a command, an address on the web, and a dead man's switch.
//!
//! A message is text that the suite has written; nothing of a validator's, no key. A channel tries once and says whether to try
//! again: the caller keeps the queue.

mod channel;
mod command;
mod dead_man;
mod http;
mod send_error;
mod telegram;
mod webhook;

pub use channel::Channel;
pub use dead_man::DeadMan;
pub use send_error::SendError;
pub use telegram::{Heard, Telegram};
