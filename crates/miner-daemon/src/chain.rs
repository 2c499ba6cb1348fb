//! The chain: who may call, whether answers can earn anything, where validators find us, and what an epoch brought.

mod address;
mod memory;
pub(crate) mod view;
