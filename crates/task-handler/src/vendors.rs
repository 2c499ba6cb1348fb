//! The clients of all vendors that can be called; one that cannot is left out, and the others work.

use std::collections::BTreeMap;

use common::config::miner::Vendor;
use common::id::VendorName;
use llm::{Clients, ClientsError, EndpointError, Issuer};

use crate::keys::Keys;

/// All vendors of miner-config.json.
#[derive(Debug)]
pub struct Vendors {
    /// Their clients.
    pub clients: Clients,
    /// Makes permits for the clients.
    pub issuer: Issuer,
    /// Those that cannot be called, and why.
    pub problems: BTreeMap<VendorName, String>,
}

/// Makes the clients.
///
/// # Errors
/// A vendor's address makes no sense, or the system has no TLS certificates.
pub fn open(vendors: &BTreeMap<VendorName, Vendor>, keys: Keys) -> Result<Vendors, ClientsError> {
    let Keys { opened, mut problems } = keys;
    loop {
        let usable = vendors.iter().filter(|(name, _)| !problems.contains_key(*name));
        let usable = usable.map(|(name, vendor)| (name.clone(), vendor.clone())).collect();
        match Clients::new(&usable, opened.clone()) {
            Ok((clients, issuer)) => return Ok(Vendors { clients, issuer, problems }),
            Err(ClientsError::Vendors(errors)) => leave_out(errors, &mut problems)?,
            Err(error) => return Err(error),
        }
    }
}

/// Leaves out vendors whose key cannot be used; at least one, or it is an error.
fn leave_out(
    errors: Vec<(VendorName, EndpointError)>,
    problems: &mut BTreeMap<VendorName, String>,
) -> Result<(), ClientsError> {
    let mut wrong = Vec::new();
    for (name, error) in errors {
        match error {
            EndpointError::Key | EndpointError::KeyInClear => {
                problems.insert(name, error.to_string());
            }
            // The check of the configuration finds these before anything starts.
            EndpointError::NoUrl
            | EndpointError::WholeUrl(_)
            | EndpointError::Extras
            | EndpointError::CapField
            | EndpointError::Service
            | EndpointError::RequestField(_) => wrong.push((name, error)),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(ClientsError::Vendors(wrong)) }
}

#[cfg(test)]
mod tests {
    use common::config::miner::Dialect;
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_vendor_whose_key_would_be_shown_is_left_out_and_the_others_work() {
        let vendors = vendors(&[("near", "http://127.0.0.1:1/v1"), ("far", "http://api.example.com/v1")]);
        let keys = Keys { opened: keys(&["near", "far"]), problems: BTreeMap::new() };

        let opened = open(&vendors, keys).unwrap();

        assert!(opened.clients.is_usable(&"near".into()));
        assert_eq!(opened.problems.keys().map(VendorName::as_str).collect::<Vec<_>>(), ["far"]);
    }

    fn vendors(entries: &[(&str, &str)]) -> BTreeMap<VendorName, Vendor> {
        let vendor = |base_url: &str| Vendor::new(Dialect::OpenaiChat, base_url);
        entries.iter().map(|(name, base_url)| ((*name).into(), vendor(base_url))).collect()
    }

    fn keys(names: &[&str]) -> BTreeMap<VendorName, SecretString> {
        names.iter().map(|name| ((*name).into(), SecretString::from("sk-test-0123456789"))).collect()
    }
}
