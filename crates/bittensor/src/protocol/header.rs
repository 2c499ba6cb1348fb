//! Reads the headers of the protocols that came after the classic one: each at most once, in visible ASCII.

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::Refused;
use crate::ss58;

/// Returns a header's text.
///
/// # Errors
/// If it comes twice, since servers differ in which of them they take, or is not visible ASCII.
pub(super) fn text<'a>(protocol: Protocol, headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad(protocol, &format!("Header {name} comes twice")));
    }
    value.to_str().map(Some).map_err(|_| bad(protocol, &format!("Header {name} is not ASCII")))
}

/// Returns the text of a header that must be there.
pub(super) fn required<'a>(protocol: Protocol, headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refused> {
    text(protocol, headers, name)?.ok_or_else(|| bad(protocol, &format!("Missing {name}")))
}

/// Returns the text of a header with the signature, whose absence has a reason of its own.
pub(super) fn signature<'a>(protocol: Protocol, headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refused> {
    text(protocol, headers, name)?
        .ok_or_else(|| Refused::unverified(protocol, RefusalReason::Unsigned, &format!("Missing {name}")))
}

pub(super) fn bad(protocol: Protocol, message: &str) -> Refused {
    Refused::unverified(protocol, RefusalReason::BadHeader, message)
}

/// Reads an address and the key in it. A key has one address, so it is the text that was signed.
pub(crate) fn hotkey(protocol: Protocol, text: &str) -> Result<(Ss58, [u8; 32]), Refused> {
    let not_an_address = || bad(protocol, "Hotkey is not an ss58 address");
    let public = ss58::decode(text).map_err(|_| not_an_address())?;
    Ok((text.parse().map_err(|_| not_an_address())?, public))
}

/// Reads plain digits: the message must be the one that was signed, so a number has one text.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
