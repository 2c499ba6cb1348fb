//! How long a vendor asks to wait.

use std::time::Duration;

use http::HeaderMap;

/// The longest wait that is believed: a vendor cannot bench itself for good.
pub(crate) const LONGEST: Duration = Duration::from_secs(3600);

/// Reads `retry-after-ms`, else `retry-after` in seconds; anything else, such as a date, is as good as absent.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after")).and_then(wait)
}

/// Reads a number of seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().and_then(wait)
}

fn wait(seconds: f64) -> Option<Duration> {
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_preferred() {
        let headers = headers(&[("retry-after", "2"), ("retry-after-ms", "1500")]);

        assert_eq!(read(&headers), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(read(&headers(&[("retry-after", "0.25")])), Some(Duration::from_millis(250)));
    }

    #[test]
    fn a_bad_first_header_leaves_the_second() {
        let headers = headers(&[("retry-after", "2"), ("retry-after-ms", "soon")]);

        assert_eq!(read(&headers), Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_absurd_wait_is_an_hour() {
        for text in ["999999999", "1e300", "inf"] {
            assert_eq!(read(&headers(&[("retry-after", text)])), Some(LONGEST), "{text}");
        }
    }

    #[test]
    fn what_is_no_wait_is_absent() {
        for text in ["", "-1", "NaN", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(read(&headers(&[("retry-after", text)])), None, "{text}");
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect()
    }
}
