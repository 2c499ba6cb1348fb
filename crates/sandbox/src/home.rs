//! The sandbox's home: made as a whole or not at all, and kept once it is made, only its ports may change.

mod config;
mod place;
mod ports;
mod relocation;
mod staging;
mod wallet;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use common::id::Ss58;
use daemon_kit::Home;

use crate::settings::{Settings, SettingsError};
use place::Place;
use staging::Staging;

/// What a sandbox's home is made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// Where it shall be.
    pub home: PathBuf,
    /// The port on which the miner shall serve validators; the next free one is taken if it is in use.
    pub port: u16,
    /// What tasks and keys come from; random if absent.
    pub seed: Option<u64>,
}

/// A home that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Where it is.
    pub root: PathBuf,
    /// Whether it was there before.
    pub kept: bool,
    /// Whether it was moved to other ports, because its own are in use.
    pub moved: bool,
    /// What runs in it.
    pub settings: Settings,
}

/// Why there is no home.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Something else is there.
    #[error("{path} holds something that is no sandbox, and is left as it is: choose another --home")]
    Occupied {
        /// The path.
        path: PathBuf,
    },
    /// It is a sandbox, but not a whole one.
    #[error(
        "{path} belongs to a sandbox, but {problem}: correct it, or move the sandbox's home away and prepare it anew"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Unix sockets have short paths.
    #[error("the socket {path} would have a path of more than {limit} bytes: choose a shorter --home")]
    TooLong {
        /// The socket.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Two at the same time.
    #[error("another process is making {path} at this moment: let it end")]
    Busy {
        /// The home.
        path: PathBuf,
    },
    /// All ports are in use.
    #[error("no port from {from} to {to} is free on 127.0.0.1: choose another --port")]
    NoPort {
        /// The first that was tried.
        from: u16,
        /// The last that was tried.
        to: u16,
    },
    /// A file could not be written as it should be.
    #[error("{path} cannot be written{}", advice(.source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A bug: what was made does not fit its own types.
    #[error("the configuration made for the sandbox is not valid: please report this")]
    Config(#[from] serde_json::Error),
    /// A bug: the words of a key make no key.
    #[error("the keys made for the sandbox are not valid: please report this")]
    Key(#[from] wallet::KeyError),
}

fn advice(error: &io::Error) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "foreign and open-ended")]
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": free some disk space, and try again",
        io::ErrorKind::PermissionDenied => ": choose a --home where you may write",
        io::ErrorKind::ReadOnlyFilesystem => ": choose a --home on a disk that can be written to",
        _ => "",
    }
}

/// Makes the home, or keeps the one that is there.
///
/// All is written beside the home and then renamed: a run that is killed leaves nothing that hinders the next.
///
/// # Errors
/// If there is something else, or it cannot be written. Then nothing has changed.
pub fn prepare(wish: &Wish) -> Result<Prepared, PrepareError> {
    let root = place::absolute(&wish.home)?;
    if let Place::Sandbox(settings) = place::look(&root)? {
        return keep(root, *settings);
    }
    place::check_length(&root)?;
    let staging = Staging::begin(&root)?;
    // Somebody may have been quicker while we waited for nothing.
    if let Place::Sandbox(settings) = place::look(&root)? {
        return keep(root, *settings);
    }
    let settings = settings(wish)?;
    match write(&staging, &root, &settings, wish.seed).and_then(|()| staging.publish(&root)) {
        Ok(()) => Ok(Prepared { root, kept: false, moved: false, settings }),
        Err(error) => {
            staging.discard();
            Err(error)
        }
    }
}

fn keep(root: PathBuf, settings: Settings) -> Result<Prepared, PrepareError> {
    let before = settings.clone();
    let settings = relocation::relocate(&root, settings)?;
    let moved = settings != before;
    Ok(Prepared { root, kept: true, moved, settings })
}

fn settings(wish: &Wish) -> Result<Settings, PrepareError> {
    let miner = ports::free(wish.port)?;
    let vendor = ports::free_above(miner)?;
    let chain = ports::free_above(vendor)?;
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // Small enough that people can type it again.
    let seed = wish.seed.unwrap_or_else(|| rand::random::<u32>().into());
    Ok(Settings::new(seed, local(miner), local(vendor)).with_chain(local(chain)))
}

fn write(staging: &Staging, root: &Path, settings: &Settings, seed: Option<u64>) -> Result<(), PrepareError> {
    for directory in ["config", "state", "run", "logs"] {
        staging.directory(directory)?;
    }
    for (name, content) in config::files(root, settings)? {
        staging.file(&format!("config/{name}"), &content)?;
    }
    for directory in wallet::DIRECTORIES {
        staging.directory(directory)?;
    }
    for (name, content) in wallet::files(seed)? {
        staging.file(name, &content)?;
    }
    // Last, because it is what makes a directory a sandbox's home.
    staging.file(place::SETTINGS, &pretty(settings)?)
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Why a home cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("{path} is no sandbox's home: run `sandbox prepare --home {path}` first")]
    Missing {
        /// The home.
        path: PathBuf,
    },
    /// It cannot be used.
    #[error(transparent)]
    Unusable(#[from] PrepareError),
    /// The operator has changed it into something that cannot be run.
    #[error("{path} cannot be run: {}", list(.problems))]
    Settings {
        /// sandbox.json
        path: PathBuf,
        /// Everything that is wrong with it.
        problems: Vec<SettingsError>,
    },
    /// The miner's hotkey is not to be had.
    #[error("{path}: the miner's public key cannot be read: {problem}")]
    Hotkey {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

fn list(problems: &[SettingsError]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads the settings of a home that was prepared before.
///
/// # Errors
/// If there is none, or they cannot be run.
pub fn open(root: &Path) -> Result<(Home, Settings), OpenError> {
    let missing = || OpenError::Missing { path: root.to_owned() };
    let root = fs::canonicalize(root).map_err(|_| missing())?;
    let Place::Sandbox(settings) = place::look(&root)? else {
        return Err(missing());
    };
    let problems = settings.problems();
    if problems.is_empty() {
        Ok((Home::new(root), *settings))
    } else {
        Err(OpenError::Settings { path: root.join(place::SETTINGS), problems })
    }
}

/// Reads the address of the account that owns the miner of a home.
///
/// # Errors
/// If its public file is not there or damaged.
pub fn miner_coldkey(home: &Home) -> Result<Ss58, OpenError> {
    let path = home.root().join(wallet::COLDKEY_PUBLIC);
    wallet::read_address(&path).map_err(|problem| OpenError::Hotkey { path, problem })
}

/// Reads the hotkey that the miner of a home answers with.
///
/// # Errors
/// If its public file is not there or damaged.
pub fn miner_hotkey(home: &Home) -> Result<Ss58, OpenError> {
    let path = home.root().join(wallet::HOTKEY_PUBLIC);
    wallet::read_address(&path).map_err(|problem| OpenError::Hotkey { path, problem })
}

#[cfg(test)]
mod tests;
