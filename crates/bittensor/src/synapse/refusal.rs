//! The response to a request that is turned away, as every dendrite since SDK 6 can read it.

use http::HeaderMap;

use super::{header, response};
use crate::protocol::Response;

/// A JSON object with the headers that a dendrite reads, so that the status reaches the validator's code. `headers` are the
/// request's.
pub(crate) fn refusal(status: u16, message: &str, headers: &HeaderMap) -> Response {
    // A streaming dendrite fails without these four, so the last three are there even if they mean nothing.
    let name = header::text(headers, "name").ok().flatten().filter(|name| is_class_name(name));
    let timeout = header::text(headers, "timeout").ok().flatten().filter(|text| is_seconds(text));
    let mut response = response::message(status, message);
    header::put(&mut response.headers, "name", name.unwrap_or("Synapse"));
    header::put(&mut response.headers, "timeout", timeout.unwrap_or("0.0"));
    header::put(&mut response.headers, "header_size", "0");
    header::put(&mut response.headers, "total_size", "0");
    response
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

    fn refuse(headers: &HeaderMap) -> Response {
        refusal(401, "Not Verified with error: Signature mismatch", headers)
    }

    #[test]
    fn a_dendrite_finds_status_and_message_in_the_headers_and_in_the_body() {
        let response = refuse(&HeaderMap::new());

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
        let plain = refuse(&headers);
        headers.insert("name", HeaderValue::from_static("<script>"));
        headers.insert("timeout", HeaderValue::from_static("soon"));
        let hostile = refuse(&headers);

        assert_eq!(plain.headers["name"], "Dummy");
        assert_eq!(plain.headers["timeout"], "12.0");
        assert_eq!(hostile.headers["name"], "Synapse");
        assert_eq!(hostile.headers["timeout"], "0.0");
    }
}
