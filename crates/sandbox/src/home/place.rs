//! What is at the place of a home: nothing, a sandbox, or something that is not ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use daemon_kit::Home;

use super::{PrepareError, config, wallet};
use crate::settings::Settings;

/// What makes a directory a sandbox's home.
pub(super) const SETTINGS: &str = "config/sandbox.json";

/// The longest path of a Unix socket on Linux.
const SOCKET_PATH_LIMIT: usize = 107;

/// What is there.
#[derive(Debug)]
pub(super) enum Place {
    /// Nothing, or an empty directory.
    Free,
    /// A whole sandbox.
    Sandbox(Box<Settings>),
}

/// Returns the path without links and dots, so that it can stand in a configuration. Makes the directories above it.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, PrepareError> {
    let io_error = |source| PrepareError::Io { path: path.to_owned(), source };
    match fs::canonicalize(path) {
        Ok(path) => return Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error(error)),
    }
    let path = std::path::absolute(path).map_err(io_error)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(PrepareError::Occupied { path });
    };
    fs::create_dir_all(parent).map_err(io_error)?;
    Ok(fs::canonicalize(parent).map_err(io_error)?.join(name))
}

/// Looks what is there; touches nothing.
pub(super) fn look(root: &Path) -> Result<Place, PrepareError> {
    let occupied = || PrepareError::Occupied { path: root.to_owned() };
    let mut entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(occupied()),
        Err(source) => return Err(PrepareError::Io { path: root.to_owned(), source }),
    };
    if entries.next().is_none() {
        return Ok(Place::Free);
    }
    let path = root.join(SETTINGS);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(occupied()),
        Err(error) => return Err(PrepareError::Damaged { path, problem: format!("cannot be read: {error}") }),
    };
    let settings = match serde_json::from_slice(&text) {
        Ok(settings) => settings,
        Err(error) => return Err(PrepareError::Damaged { path, problem: error.to_string() }),
    };
    for needed in config::NAMES.map(|name| format!("config/{name}")).into_iter().chain(wallet::names()) {
        let path = root.join(needed);
        if !path.is_file() {
            return Err(PrepareError::Damaged { path, problem: "is missing".into() });
        }
    }
    Ok(Place::Sandbox(Box::new(settings)))
}

/// Checks that the daemons' sockets will have paths that the system takes.
pub(super) fn check_length(root: &Path) -> Result<(), PrepareError> {
    let path = Home::new(root.to_owned()).socket("wallet-admin");
    if path.as_os_str().len() > SOCKET_PATH_LIMIT {
        return Err(PrepareError::TooLong { path, limit: SOCKET_PATH_LIMIT });
    }
    Ok(())
}
