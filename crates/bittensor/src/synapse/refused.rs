//! Requests that are turned away. Nothing is signed for their senders, and they learn nothing they did not send.

use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::{Response, header};

/// A request that is turned away.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// Why.
    pub reason: RefusalReason,
    /// The HTTP status.
    pub status: u16,
    /// What the validator is told.
    pub message: String,
    /// The hotkey that the request claims, if it is an address at all.
    pub claimed: Option<Ss58>,
}

impl Refused {
    /// In the words of the reference axon, for people who know them.
    pub(super) fn unverified(reason: RefusalReason, why: &str) -> Self {
        Self { reason, status: 401, message: format!("Not Verified with error: {why}"), claimed: None }
    }

    pub(super) fn of(mut self, claimed: &Ss58) -> Self {
        self.claimed = Some(claimed.clone());
        self
    }

    /// Makes the response to a request with these headers.
    ///
    /// It is a JSON object with the headers that a dendrite reads, so that the status reaches the validator's code.
    #[must_use]
    pub fn into_response(self, headers: &HeaderMap) -> Response {
        // A streaming dendrite fails without these four, so the last three are there even if they mean nothing.
        let name = header::text(headers, "name").ok().flatten().filter(|name| is_class_name(name));
        let timeout = header::text(headers, "timeout").ok().flatten().filter(|text| is_seconds(text));
        let mut response = Response::message(self.status, &self.message);
        header::put(&mut response.headers, "name", name.unwrap_or("Synapse"));
        header::put(&mut response.headers, "timeout", timeout.unwrap_or("0.0"));
        header::put(&mut response.headers, "header_size", "0");
        header::put(&mut response.headers, "total_size", "0");
        response
    }
}

fn is_class_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_seconds(text: &str) -> bool {
    text.len() <= 32 && text.parse().is_ok_and(|seconds: f64| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refused() -> Refused {
        Refused::unverified(RefusalReason::BadSignature, "Signature mismatch")
    }

    #[test]
    fn a_dendrite_finds_status_and_message_in_the_headers_and_in_the_body() {
        let response = refused().into_response(&HeaderMap::new());

        assert_eq!(response.status, 401);
        assert_eq!(response.body, br#"{"message":"Not Verified with error: Signature mismatch"}"#);
        let texts: Vec<(&str, &str)> =
            response.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            texts,
            [
                ("content-type", "application/json"),
                ("bt_header_axon_status_code", "401"),
                ("bt_header_axon_status_message", "Not Verified with error: Signature mismatch"),
                ("name", "Synapse"),
                ("timeout", "0.0"),
                ("header_size", "0"),
                ("total_size", "0"),
            ]
        );
    }

    #[test]
    fn only_a_class_name_and_a_number_are_echoed() {
        let mut headers = HeaderMap::new();
        headers.insert("name", HeaderValue::from_static("Dummy"));
        headers.insert("timeout", HeaderValue::from_static("12.0"));
        let plain = refused().into_response(&headers);
        headers.insert("name", HeaderValue::from_static("<script>"));
        headers.insert("timeout", HeaderValue::from_static("soon"));
        let hostile = refused().into_response(&headers);

        assert_eq!(plain.headers["name"], "Dummy");
        assert_eq!(plain.headers["timeout"], "12.0");
        assert_eq!(hostile.headers["name"], "Synapse");
        assert_eq!(hostile.headers["timeout"], "0.0");
    }
}
