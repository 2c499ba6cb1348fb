//! The chain's head on disk, so that a killed chain goes on where it was. Older states are gone then.

use std::io;
use std::path::Path;

use codec::{Decode, Encode};
use sp_core::H256;

use super::StartError;
use super::state::{Block, Nodes};

/// Changes when the format does.
const FORMAT: u32 = 1;

/// What is kept.
#[derive(Decode)]
pub(super) struct Snapshot {
    format: u32,
    genesis: H256,
    /// The best block.
    pub(super) head: Block,
    /// Its state.
    pub(super) nodes: Vec<Vec<u8>>,
}

/// Reads a snapshot, if there is one.
pub(super) fn load(path: &Path, genesis: H256) -> Result<Option<Snapshot>, StartError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StartError::StateFile { path: path.to_owned(), source }),
    };
    let snapshot = Snapshot::decode(&mut bytes.as_slice()).ok().filter(|snapshot| snapshot.format == FORMAT);
    let snapshot = snapshot.ok_or_else(|| StartError::NoStateFile(path.to_owned()))?;
    if snapshot.genesis != genesis {
        return Err(StartError::OtherChain { path: path.to_owned(), found: snapshot.genesis, genesis });
    }
    Ok(Some(snapshot))
}

/// Writes one, as a whole or not at all.
pub(super) fn save(path: &Path, genesis: H256, head: &Block, nodes: &Nodes) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, (FORMAT, genesis, head, nodes.parts(head.root())).encode())?;
    std::fs::rename(&unfinished, path)
}
