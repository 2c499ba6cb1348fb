//! Moves a home that is kept to other ports, if another program has taken its own meanwhile.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use daemon_kit::{Home, Instance};
use serde_json::{Value, json};

use super::{PrepareError, place, ports, pretty};
use crate::run;
use crate::settings::Settings;

const MINER_CONFIG: &str = "config/miner-config.json";

/// Returns the settings with which the home can be run: as they are, or with ports that are free and stand in its files
/// now.
pub(super) fn relocate(root: &Path, settings: Settings) -> Result<Settings, PrepareError> {
    let mut miner_config = read(root)?;
    if !listens_on(&miner_config, settings.miner) {
        let problem = format!("no listener has the address {} that `miner` in sandbox.json names", settings.miner);
        return Err(PrepareError::Damaged { path: root.join(MINER_CONFIG), problem });
    }
    let (miner, vendor) = (settings.miner, settings.vendor.address);
    let chain = settings.chain.as_ref().map(|chain| chain.address);
    if runs(root) || (is_free(miner) && is_free(vendor) && chain.is_none_or(is_free)) {
        return Ok(settings);
    }
    let mut moved = settings;
    moved.miner.set_port(ports::free(miner.port())?);
    moved.vendor.address.set_port(ports::free_above(moved.miner.port())?);
    readdress(&mut miner_config, (miner, moved.miner), (vendor, moved.vendor.address));
    if let Some(chain) = &mut moved.chain {
        let before = chain.address;
        chain.address.set_port(ports::free_above(moved.vendor.address.port())?);
        reconnect(&mut miner_config, before, chain.address);
    }
    replace(root, MINER_CONFIG, &pretty(&miner_config)?)?;
    replace(root, place::SETTINGS, &pretty(&moved)?)?;
    Ok(moved)
}

fn read(root: &Path) -> Result<Value, PrepareError> {
    let path = root.join(MINER_CONFIG);
    let damaged = |problem: String| PrepareError::Damaged { path: path.clone(), problem };
    let text = fs::read(&path).map_err(|error| damaged(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))
}

/// Whether anything of the home runs; then its ports are its own.
fn runs(root: &Path) -> bool {
    let home = Home::new(root.to_owned());
    [run::SERVICE, "miner-daemon", "supervisor"].iter().any(|name| !matches!(Instance::holder(&home, name), Ok(None)))
}

fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}

fn listens_on(miner_config: &Value, address: SocketAddr) -> bool {
    let mut listeners = miner_config.get("listeners").and_then(Value::as_array).into_iter().flatten();
    listeners.any(|listener| listener.get("address") == Some(&json!(address)))
}

/// Replaces the two addresses; what the operator has changed to something else stays.
fn readdress(miner_config: &mut Value, miner: (SocketAddr, SocketAddr), vendor: (SocketAddr, SocketAddr)) {
    let listeners = miner_config.get_mut("listeners").and_then(Value::as_array_mut).into_iter().flatten();
    for address in listeners.filter_map(|listener| listener.get_mut("address")) {
        if *address == json!(miner.0) {
            *address = json!(miner.1);
        }
    }
    let vendors = miner_config.get_mut("vendors").and_then(Value::as_object_mut).into_iter().flatten();
    for url in vendors.filter_map(|(_, vendor)| vendor.get_mut("base_url")) {
        let rest = url.as_str().and_then(|url| url.strip_prefix(&format!("http://{}/", vendor.0)));
        if let Some(rest) = rest {
            *url = json!(format!("http://{}/{rest}", vendor.1));
        }
    }
}

/// Replaces the chain's address; what the operator has changed to something else stays.
fn reconnect(miner_config: &mut Value, before: SocketAddr, now: SocketAddr) {
    let endpoints = miner_config.pointer_mut("/chain/endpoints").and_then(Value::as_array_mut).into_iter().flatten();
    for url in endpoints.filter(|url| **url == json!(format!("ws://{before}"))) {
        *url = json!(format!("ws://{now}"));
    }
}

/// Replaces a file as a whole.
fn replace(root: &Path, name: &str, content: &[u8]) -> Result<(), PrepareError> {
    let path = root.join(name);
    let fresh = path.with_extension("json.new");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)
    };
    write().map_err(|source| PrepareError::Io { path: path.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sandboxs_own_addresses_are_replaced() {
        let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let mut config = json!({
            "listeners": [{ "address": "127.0.0.1:1" }, { "address": "0.0.0.0:1" }],
            "vendors": { "a": { "base_url": "http://127.0.0.1:2/v1" }, "b": { "base_url": "http://127.0.0.1:22/v1" } },
            "chain": { "endpoints": ["ws://127.0.0.1:5", "wss://node.example"] },
        });

        readdress(&mut config, (address(1), address(3)), (address(2), address(4)));
        reconnect(&mut config, address(5), address(6));

        let expected = json!({
            "listeners": [{ "address": "127.0.0.1:3" }, { "address": "0.0.0.0:1" }],
            "vendors": { "a": { "base_url": "http://127.0.0.1:4/v1" }, "b": { "base_url": "http://127.0.0.1:22/v1" } },
            "chain": { "endpoints": ["ws://127.0.0.1:6", "wss://node.example"] },
        });
        assert_eq!(config, expected);
    }
}
