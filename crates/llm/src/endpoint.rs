//! Where a vendor answers, and the key that is shown there.

use std::net::IpAddr;

use common::config::miner::{Dialect, Vendor};
use http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A vendor that has been checked to be callable.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Where completions are asked for.
    pub(crate) url: Url,
    /// Where the list of models is asked for.
    pub(crate) models_url: Url,
    pub(crate) vendor: Vendor,
    key: Option<SecretString>,
}

impl Endpoint {
    pub(crate) fn new(vendor: &Vendor, key: Option<SecretString>) -> Result<Self, EndpointError> {
        let path = match vendor.dialect {
            Dialect::OpenaiChat => "/chat/completions",
        };
        let base = vendor.base_url.trim_end_matches('/');
        if base.ends_with(path) {
            return Err(EndpointError::WholeUrl(path));
        }
        let below = |path: &str| format!("{base}{path}").parse::<Url>().map_err(|_| EndpointError::NoUrl);
        let url = below(path)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(EndpointError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Extras);
        }
        let models_url = below("/models")?;
        let endpoint = Self { url, models_url, vendor: vendor.clone(), key };
        if endpoint.key.is_some() && !endpoint.is_tls() && !endpoint.is_nearby() {
            return Err(EndpointError::KeyInClear);
        }
        endpoint.authorization()?;
        Ok(endpoint)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the configuration asks for a key that is not there.
    pub(crate) fn lacks_key(&self) -> bool {
        self.vendor.credential.is_some() && self.key.is_none()
    }

    /// Makes the header with the key, afresh for each request, so that no copy of the key outlives it.
    pub(crate) fn authorization(&self) -> Result<Option<HeaderValue>, EndpointError> {
        let Some(key) = &self.key else { return Ok(None) };
        let text = Zeroizing::new(format!("Bearer {}", key.expose_secret()));
        let mut header = HeaderValue::from_str(&text).map_err(|_| EndpointError::Key)?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    /// Whether the host is this machine or one of a private network.
    fn is_nearby(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
            Err(_) => {
                let private = [".localhost", ".local", ".internal"];
                !host.contains('.') || private.iter().any(|suffix| host.ends_with(suffix))
            }
        }
    }
}

/// Checks that a vendor's `base_url` can be called, whatever its key is.
///
/// # Errors
///
/// What is wrong with the `base_url`.
pub fn check_address(vendor: &Vendor) -> Result<(), EndpointError> {
    Endpoint::new(vendor, None).map(drop)
}

/// A vendor of miner-config.json cannot be called as it is configured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// `base_url` is not a URL that can be called.
    #[error("base_url is no http or https URL such as https://api.openai.com/v1")]
    NoUrl,
    /// `base_url` ends with what is added to it.
    #[error("base_url must end before {0}")]
    WholeUrl(&'static str),
    /// `base_url` carries a secret or something that gets lost.
    #[error("base_url must have no user, password, query or fragment; keys belong in llm-credentials.json")]
    Extras,
    /// The key would cross the Internet in clear text.
    #[error("base_url is plain http to a public host, which would show the key to anyone on the way: use https")]
    KeyInClear,
    /// The key has characters that no header can have.
    #[error(
        "the key has characters that no key has, such as a line break: set it again with `minerctl credentials set`"
    )]
    Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_added_to_the_base() {
        for base in ["https://api.openai.com/v1", "https://api.openai.com/v1/"] {
            let endpoint = Endpoint::new(&vendor(base), None).unwrap();

            assert_eq!(endpoint.url.as_str(), "https://api.openai.com/v1/chat/completions");
            assert_eq!(endpoint.models_url.as_str(), "https://api.openai.com/v1/models");
        }
    }

    #[test]
    fn bad_bases_are_refused() {
        let cases = [
            ("", EndpointError::NoUrl),
            ("api.openai.com/v1", EndpointError::NoUrl),
            ("ftp://api.openai.com", EndpointError::NoUrl),
            ("https://api.openai.com/v1/chat/completions", EndpointError::WholeUrl("/chat/completions")),
            ("https://me:secret@api.openai.com/v1", EndpointError::Extras),
            ("https://api.openai.com/v1?key=secret", EndpointError::Extras),
        ];

        for (base, error) in cases {
            assert_eq!(Endpoint::new(&vendor(base), None).unwrap_err(), error, "{base}");
        }
    }

    #[test]
    fn a_key_goes_over_plain_http_only_nearby() {
        let refused = ["http://api.example.com/v1", "http://93.184.216.34/v1", "http://[2606:2800::1]/v1"];
        let taken = ["http://127.0.0.1:1/v1", "http://[::1]/v1", "http://10.0.0.7/v1", "http://ollama:11434/v1"];

        for base in refused {
            assert_eq!(Endpoint::new(&vendor(base), Some(key())).unwrap_err(), EndpointError::KeyInClear, "{base}");
        }
        for base in taken {
            assert!(Endpoint::new(&vendor(base), Some(key())).is_ok(), "{base}");
        }
    }

    #[test]
    fn a_public_server_without_key_may_be_plain_http() {
        assert!(Endpoint::new(&vendor("http://api.example.com/v1"), None).is_ok());
    }

    #[test]
    fn a_key_that_fits_no_header_is_refused() {
        let broken = SecretString::from("sk-1\nX-Evil: yes");

        let error = Endpoint::new(&vendor("https://api.openai.com/v1"), Some(broken)).unwrap_err();

        assert_eq!(error, EndpointError::Key);
    }

    #[test]
    fn the_key_is_never_shown() {
        let endpoint = Endpoint::new(&vendor("https://api.openai.com/v1"), Some(key())).unwrap();
        let header = endpoint.authorization().unwrap().unwrap();

        assert_eq!(header, "Bearer sk-secret");
        assert!(!format!("{endpoint:?} {header:?}").contains("sk-secret"));
    }

    fn key() -> SecretString {
        SecretString::from("sk-secret")
    }

    fn vendor(base_url: &str) -> Vendor {
        Vendor {
            dialect: Dialect::OpenaiChat,
            base_url: base_url.into(),
            credential: None,
            cap_field: None,
            service: None,
            models: std::collections::BTreeMap::new(),
        }
    }
}
