//! What a peer is told when there is no request to answer: its head cannot be read, or there is no room for it.

use bittensor::protocol::{Refused, Response};
use common::record::RefusalReason;
use http::StatusCode;

use crate::request::refused;

/// The complaint about a connection that ended like this; none if the peer just left.
pub(super) fn about(end: &hyper::Result<()>, head_is_late: bool) -> Option<Refused> {
    if head_is_late {
        return Some(refused(RefusalReason::Slow, 408, "the headers took too long", None));
    }
    let error = end.as_ref().err()?;
    if error.is_parse_too_large() {
        Some(refused(RefusalReason::TooLarge, 431, "the headers are too large", None))
    } else if error.is_parse() {
        Some(refused(RefusalReason::BadHeader, 400, "the headers cannot be read", None))
    } else {
        None
    }
}

/// There is no room for another connection.
pub(super) fn overloaded() -> Refused {
    refused(RefusalReason::Overloaded, 503, "Overloaded", None)
}

/// A response's status. One that is none becomes 500.
pub(super) fn status(response: &Response) -> StatusCode {
    StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A response as it goes over the wire at the end of a connection.
pub(super) fn written(response: &Response) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {}\r\n", status(response)).into_bytes();
    for (name, value) in &response.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", response.body.len()).as_bytes());
    bytes.extend_from_slice(&response.body);
    bytes
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn a_response_is_written_whole() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        let response = Response { status: 503, headers, body: b"{}".to_vec() };

        let text = String::from_utf8(written(&response)).unwrap();

        assert_eq!(
            text,
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
             connection: close\r\n\r\n{}"
        );
    }

    #[test]
    fn a_peer_that_leaves_hears_nothing() {
        assert_eq!(about(&Ok(()), false), None);
    }

    #[test]
    fn a_late_head_is_slow_however_the_connection_ended() {
        let complaint = about(&Ok(()), true).map(|refused| (refused.reason, refused.status));

        assert_eq!(complaint, Some((RefusalReason::Slow, 408)));
    }
}
