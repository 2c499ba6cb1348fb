//! Whatever stands in a head and its body, each protocol either refuses it, readably, or it is the golden request itself.
#![no_main]

use bittensor::protocol::{self, Claim, Head, NonceWindow};
use common::config::subnet::Protocol;
use common::id::Ss58;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

/// When the golden requests were made.
const NOW_NS: u64 = 1_795_345_600_000_000_000;
const MINER: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

// A line with method and target, header lines, an empty line, the body: as over the wire, so that the corpus is readable.
fuzz_target!(|data: &[u8]| {
    let Some(split) = data.windows(2).position(|pair| pair == b"\n\n") else { return };
    let (head, body) = (&data[..split], &data[split + 2..]);
    let mut lines = head.split(|byte| *byte == b'\n');
    let Some(first) = lines.next().and_then(|line| std::str::from_utf8(line).ok()) else { return };
    let (method, target) = first.split_once(' ').unwrap_or((first, "/"));
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let value = line[colon + 1..].trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let own: Ss58 = MINER.parse().expect("an address");
    let head = Head { method, target, headers: &headers };
    for protocol in Protocol::ALL {
        let claim = protocol::claim(protocol, head, &own, NOW_NS);
        let verified = claim.and_then(|claim| match claim {
            Claim::OfHead(claim) => claim.verify(),
            Claim::OfBody(claim) => claim.verify_body(body),
        });
        match verified {
            Ok(verified) => {
                let mut seen = NonceWindow::new(10, 0);
                let (signed, _) = verified.spend(&mut seen).expect("a nonce is new in a new window");
                assert_eq!(signed.protocol, protocol);
            }
            Err(refused) => {
                let response = refused.into_response(protocol, &headers);
                assert!((400..=503).contains(&response.status));
                serde_json::from_slice::<serde_json::Value>(&response.body).expect("a refusal is JSON");
            }
        }
    }
});
