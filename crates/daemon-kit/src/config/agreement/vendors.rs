//! Vendors and their credentials.

use std::collections::BTreeMap;

use common::config::credential::{Audience, LlmCredentials};
use common::config::miner::Vendor;
use common::id::VendorName;

use super::{ConfigError, File};
use crate::config::key_path::KeyPath;
use crate::config::nearest::nearest;

pub(super) fn check(vendors: &BTreeMap<VendorName, Vendor>, credentials: &LlmCredentials) -> Vec<ConfigError> {
    vendors
        .iter()
        .flat_map(|(name, vendor)| {
            let key = |key: &str| KeyPath::default().key("vendors").key(name.as_str()).key(key).into_string();
            let credential = credential_problem(vendor, credentials).map(|problem| (key("credential"), problem));
            let base_url = base_url_problem(&vendor.base_url).map(|problem| (key("base_url"), problem.to_owned()));
            [credential, base_url]
        })
        .flatten()
        .map(|(key, problem)| ConfigError::contradiction(File::MinerConfig, key, problem))
        .collect()
}

fn credential_problem(vendor: &Vendor, credentials: &LlmCredentials) -> Option<String> {
    let name = vendor.credential.as_deref()?;
    match credentials.entries.get(name).map(|entry| entry.audience) {
        Some(Audience::TaskHandler) => None,
        Some(audience @ Audience::Tracker) => {
            Some(format!("{name} in llm-credentials.json is for {}, but task-handler needs it", audience.name()))
        }
        None => {
            let hint = match nearest(name, credentials.entries.keys().map(String::as_str)) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("make it with minerctl credentials set {name}"),
            };
            Some(format!("there is no entry {name} in llm-credentials.json; {hint}"))
        }
    }
}

fn base_url_problem(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        None => Some("must begin with https:// or http://"),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Some("has no host"),
        Some(rest) if rest.contains(['?', '#', '@']) || rest.contains(char::is_whitespace) => {
            Some("must be a plain address, such as https://api.openai.com/v1, without user, query or fragment")
        }
        Some(_) => None,
    }
}
