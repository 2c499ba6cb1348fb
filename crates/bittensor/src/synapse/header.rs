//! Reads request headers as strictly, and writes response headers as carefully, as hostile values ask for.

use common::config::subnet::Protocol;
use common::record::RefusalReason;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::protocol::Refused;

/// A client's line limit is 8190 bytes; no value of ours needs a fraction of it.
const MAX_VALUE: usize = 512;

/// Returns a header's text; of a repeated header the last one, as the reference does.
///
/// # Errors
/// If it is not visible ASCII.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refused> {
    let Some(value) = headers.get_all(name).iter().next_back() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim())),
        Err(_) => Err(Refused::unverified(
            Protocol::Synapse,
            RefusalReason::BadHeader,
            &format!("Header {name} is not ASCII"),
        )),
    }
}

/// Writes a header; whatever is not printable ASCII becomes a question mark, and what is too long is cut.
pub(super) fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
    let clean: String = value.chars().take(MAX_VALUE).map(printable).collect();
    // Neither can fail: names are ours or configured identifiers, and the value has just been cleaned.
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&clean)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_cannot_be_split_or_overlong() {
        let mut headers = HeaderMap::new();

        put(&mut headers, "bt_header_axon_status_message", &format!("é\r\nset-cookie: a{}", "x".repeat(9000)));

        let value = headers.get("bt_header_axon_status_message").unwrap().to_str().unwrap();
        assert!(value.starts_with("???set-cookie: ax"), "{value}");
        assert_eq!(value.len(), 512);
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn of_a_repeated_header_the_last_one_counts() {
        let mut headers = HeaderMap::new();
        headers.append("name", HeaderValue::from_static("first"));
        headers.append("name", HeaderValue::from_static("last"));

        assert_eq!(text(&headers, "name"), Ok(Some("last")));
    }
}
