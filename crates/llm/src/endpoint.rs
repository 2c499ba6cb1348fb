//! Where a vendor answers, and the key that is shown there.

use std::net::IpAddr;

use common::config::miner::{Dialect, Service, Vendor};
use common::id::ModelName;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The version of Anthropic's API whose requests and replies are meant.
const ANTHROPIC: &str = "2026-10-21";

/// Fields of requests that `request_fields` must not set: the permit does, or they change what a call costs.
const RESERVED: [&str; 27] = [
    "model",
    "models",
    "route",
    "messages",
    "contents",
    "system",
    "systemInstruction",
    "max_tokens",
    "max_completion_tokens",
    "generationConfig",
    "n",
    "best_of",
    "stream",
    "stream_options",
    "service_tier",
    "serviceTier",
    "speed",
    "inference_geo",
    "prompt_cache_options",
    "cache_control",
    "cachedContent",
    "tools",
    "plugins",
    "web_search_options",
    "modalities",
    "prediction",
    "store",
];

/// A vendor that has been checked to be callable.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// What the paths are added to.
    base: Url,
    /// Where the list of models is asked for.
    pub(crate) models_url: Url,
    pub(crate) vendor: Vendor,
    key: Option<SecretString>,
}

impl Endpoint {
    pub(crate) fn new(vendor: &Vendor, key: Option<SecretString>) -> Result<Self, EndpointError> {
        let (path, list) = match vendor.dialect {
            Dialect::OpenaiChat => ("/chat/completions", "/models"),
            // One page holds more models than there are.
            Dialect::Anthropic => ("/messages", "/models?limit=1000"),
            Dialect::Gemini => ("/models", "/models?pageSize=1000"),
        };
        let base = vendor.base_url.trim_end_matches('/');
        if base.ends_with(path) {
            return Err(EndpointError::WholeUrl(path));
        }
        let below = |path: &str| format!("{base}{path}").parse::<Url>().map_err(|_| EndpointError::NoUrl);
        let url = below("")?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(EndpointError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Extras);
        }
        if vendor.cap_field.is_some() && vendor.dialect != Dialect::OpenaiChat {
            return Err(EndpointError::CapField);
        }
        if let Some(dialect) = vendor.service.and_then(dialect_of)
            && dialect != vendor.dialect
        {
            return Err(EndpointError::Service);
        }
        if let Some(field) = RESERVED.into_iter().find(|field| vendor.request_fields.contains_key(*field)) {
            return Err(EndpointError::RequestField(field));
        }
        let endpoint = Self { base: url, models_url: below(list)?, vendor: vendor.clone(), key };
        if endpoint.key.is_some() && !endpoint.is_tls() && !endpoint.is_nearby() {
            return Err(EndpointError::KeyInClear);
        }
        endpoint.headers()?;
        Ok(endpoint)
    }

    /// Where a completion is asked for.
    pub(crate) fn url(&self, model: &ModelName, streamed: bool) -> Url {
        let mut url = self.base.clone();
        // Only a URL without a host has no segments, and that was refused.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            match self.vendor.dialect {
                Dialect::OpenaiChat => segments.extend(["chat", "completions"]),
                Dialect::Anthropic => segments.push("messages"),
                Dialect::Gemini if streamed => segments.extend(["models", &format!("{model}:streamGenerateContent")]),
                Dialect::Gemini => segments.extend(["models", &format!("{model}:generateContent")]),
            };
        }
        if streamed && self.vendor.dialect == Dialect::Gemini {
            url.set_query(Some("alt=sse"));
        }
        url
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether the configuration asks for a key that is not there.
    pub(crate) fn lacks_key(&self) -> bool {
        self.vendor.credential.is_some() && self.key.is_none()
    }

    /// Makes the vendor's headers, afresh for each request, so that no copy of the key outlives it.
    pub(crate) fn headers(&self) -> Result<HeaderMap, EndpointError> {
        let mut headers = HeaderMap::new();
        let (name, scheme) = match self.vendor.dialect {
            Dialect::OpenaiChat => (AUTHORIZATION, "Bearer "),
            Dialect::Anthropic => {
                headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static(ANTHROPIC));
                (HeaderName::from_static("x-api-key"), "")
            }
            // Google takes the key in the query too, where it lands in logs.
            Dialect::Gemini => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        if let Some(key) = &self.key {
            let text = Zeroizing::new(format!("{scheme}{}", key.expose_secret()));
            let mut value = HeaderValue::from_str(&text).map_err(|_| EndpointError::Key)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Whether the host is this machine or one of a private network.
    fn is_nearby(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
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

/// Checks that a vendor can be called as it is configured, whatever its key is.
///
/// # Errors
///
/// What is wrong; [`EndpointError::key`] says where.
pub fn check_vendor(vendor: &Vendor) -> Result<(), EndpointError> {
    Endpoint::new(vendor, None).map(drop)
}

/// The protocol that a service speaks, if it is not any.
fn dialect_of(service: Service) -> Option<Dialect> {
    match service {
        Service::Openai => Some(Dialect::OpenaiChat),
        Service::Anthropic => Some(Dialect::Anthropic),
        Service::Gemini => Some(Dialect::Gemini),
        Service::Compatible => None,
    }
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
    /// The protocol has one field for the cap only.
    #[error("cap_field is for dialect openai-chat only: the other protocols have one such field")]
    CapField,
    /// The service speaks another protocol.
    #[error("service speaks another protocol than dialect says")]
    Service,
    /// A field that is not the operator's to set.
    #[error("request_fields must not have {0}: it is set by the budget, or changes what a call costs")]
    RequestField(&'static str),
    /// The key has characters that no header can have.
    #[error(
        "the key has characters that no key has, such as a line break: set it again with `minerctl credentials set`"
    )]
    Key,
}

impl EndpointError {
    /// The key under `vendors.*` in miner-config.json that is wrong.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::NoUrl | Self::WholeUrl(_) | Self::Extras | Self::KeyInClear => "base_url",
            Self::CapField => "cap_field",
            Self::Service => "service",
            Self::RequestField(_) => "request_fields",
            Self::Key => "credential",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_added_to_the_base() {
        for base in ["https://api.openai.com/v1", "https://api.openai.com/v1/"] {
            let endpoint = Endpoint::new(&vendor(base), None).unwrap();

            assert_eq!(endpoint.url(&"gpt-6-luna".into(), true).as_str(), "https://api.openai.com/v1/chat/completions");
            assert_eq!(endpoint.models_url.as_str(), "https://api.openai.com/v1/models");
        }
    }

    #[test]
    fn a_model_is_one_segment_of_geminis_path() {
        let gemini = Vendor::new(Dialect::Gemini, "https://generativelanguage.googleapis.com/v1");
        let endpoint = Endpoint::new(&gemini, None).unwrap();

        let base = "https://generativelanguage.googleapis.com/v1/models";
        assert_eq!(
            endpoint.url(&"gemini-4-argon".into(), false).as_str(),
            format!("{base}/gemini-4-argon:generateContent")
        );
        assert_eq!(
            endpoint.url(&"a/../b?c".into(), true).as_str(),
            format!("{base}/a%2F..%2Fb%3Fc:streamGenerateContent?alt=sse")
        );
    }

    #[test]
    fn each_vendor_gets_the_key_in_its_own_header() {
        for (dialect, name, value) in [
            (Dialect::OpenaiChat, "authorization", "Bearer sk-secret"),
            (Dialect::Anthropic, "x-api-key", "sk-secret"),
            (Dialect::Gemini, "x-goog-api-key", "sk-secret"),
        ] {
            let endpoint = Endpoint::new(&Vendor::new(dialect, "https://example.com/v1"), Some(key())).unwrap();

            let headers = endpoint.headers().unwrap();

            assert_eq!(headers[name], value);
            assert_eq!(headers.get("anthropic-version").is_some(), dialect == Dialect::Anthropic);
        }
    }

    #[test]
    fn what_contradicts_the_protocol_or_the_budget_is_refused() {
        let refuse = |more: &str| {
            let vendor = format!(r#"{{"base_url": "https://example.com/v1", {more}}}"#);
            let error = check_vendor(&serde_json::from_str(&vendor).unwrap()).unwrap_err();
            (error.key(), error)
        };

        assert_eq!(refuse(r#""dialect": "gemini", "cap_field": "max_tokens""#), ("cap_field", EndpointError::CapField));
        assert_eq!(refuse(r#""dialect": "anthropic", "service": "openai""#), ("service", EndpointError::Service));
        assert_eq!(
            refuse(r#""dialect": "openai-chat", "request_fields": {"provider": {}, "service_tier": "priority"}"#),
            ("request_fields", EndpointError::RequestField("service_tier"))
        );
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
        let headers = endpoint.headers().unwrap();

        assert_eq!(headers[AUTHORIZATION], "Bearer sk-secret");
        assert!(!format!("{endpoint:?} {headers:?}").contains("sk-secret"));
    }

    fn key() -> SecretString {
        SecretString::from("sk-secret")
    }

    fn vendor(base_url: &str) -> Vendor {
        Vendor::new(Dialect::OpenaiChat, base_url)
    }
}
