//! The only crate that knows subxt: reads the chain, and submits what is signed with the hotkey.
