//! What a vendor says is left of its rate limits, in the headers of every reply. Pure: the time comes in as an argument.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

/// The longest time until a reset that is believed: a vendor cannot bench itself for good.
const LONGEST: Duration = Duration::from_secs(3600);
/// A vendor that is out of room is left alone for so long at least: its numbers are rounded.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is left of a vendor's limits on calls like the one that was just made; empty if it does not say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RateLimits {
    requests: Option<Left>,
    /// Of the prompt, of the answer, of both.
    tokens: [Option<Left>; 3],
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Left {
    limit: Option<u64>,
    remaining: u64,
    /// How long until all of it is there again.
    resets_in: Duration,
}

impl RateLimits {
    /// Reads `x-ratelimit-*` or `anthropic-ratelimit-*`. A limit with a number that cannot be is as good as absent: some
    /// servers send -1, or zeros throughout, for limits that they do not have.
    pub(crate) fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        let openai = |of: &str| {
            let name = |what: &str| format!("x-ratelimit-{what}-{of}");
            left(headers, &name("limit"), &name("remaining"), |headers| go_duration(text(headers, &name("reset"))?))
        };
        let anthropic = |of: &str| {
            let name = |what: &str| format!("anthropic-ratelimit-{of}-{what}");
            left(headers, &name("limit"), &name("remaining"), |headers| until(text(headers, &name("reset"))?, now))
        };
        Self {
            requests: openai("requests").or_else(|| anthropic("requests")),
            tokens: [
                openai("tokens").or_else(|| anthropic("tokens")),
                anthropic("input-tokens"),
                anthropic("output-tokens"),
            ],
        }
    }

    /// Returns how long the vendor would refuse another call that is counted as one of `input` and `output` tokens; nothing if
    /// it has room, or does not say.
    #[must_use]
    pub fn refuses_for(&self, input: u64, output: u64) -> Option<Duration> {
        let [both, of_input, of_output] = self.tokens;
        let needs = [(self.requests, 1), (both, input.saturating_add(output)), (of_input, input), (of_output, output)];
        needs.into_iter().filter_map(|(left, needed)| left?.refuses_for(needed)).max()
    }

    /// Returns how long the vendor refuses every call.
    pub(crate) fn refuses_all_for(&self) -> Option<Duration> {
        self.refuses_for(1, 1)
    }
}

impl Left {
    /// Limits fill up evenly, so a part is there sooner than all of it.
    fn refuses_for(self, needed: u64) -> Option<Duration> {
        // More than fits in is let through when it is full.
        let needed = self.limit.map_or(needed, |limit| needed.min(limit));
        let missing = needed.checked_sub(self.remaining).filter(|missing| *missing > 0)?;
        let part = self.limit.and_then(|limit| {
            let used = limit.checked_sub(self.remaining).filter(|used| *used > 0)?;
            let nanos = self.resets_in.as_nanos().saturating_mul(missing.into()) / u128::from(used);
            Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
        });
        let wait = part.map_or(self.resets_in, |part| part.max(SHORTEST).min(self.resets_in));
        (!wait.is_zero()).then_some(wait)
    }
}

fn left(
    headers: &HeaderMap,
    limit: &str,
    remaining: &str,
    reset: impl FnOnce(&HeaderMap) -> Option<Duration>,
) -> Option<Left> {
    let remaining = text(headers, remaining)?.parse().ok()?;
    let limit = match text(headers, limit) {
        // A limit of nothing, or less, is none.
        Some(limit) => Some(limit.parse::<u64>().ok().filter(|limit| *limit > 0)?),
        None => None,
    };
    let resets_in = reset(headers)?.min(LONGEST);
    Some(Left { limit, remaining, resets_in })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads `6m0s`, `1.5s` or `120ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut nanos = 0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let scale = match unit {
            "h" => 3.6e12,
            "m" => 6e10,
            "s" => 1e9,
            "ms" => 1e6,
            "us" | "µs" => 1e3,
            "ns" => 1.0,
            _ => return None,
        };
        nanos += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(nanos / 1e9).unwrap_or(LONGEST))
}

/// Reads a time such as `2026-11-28T12:00:30Z`; one that has passed is now.
fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let time = text.parse::<Timestamp>().ok()?;
    Some(Duration::try_from(time.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-11-28T12:00:00Z";

    #[test]
    fn a_vendor_with_room_refuses_nobody() {
        let limits = read(&openai(500, 499, "120ms", 30_000, 29_000, "2s"));

        assert_eq!(limits.refuses_for(2_000, 500), None);
        assert_eq!(RateLimits::default().refuses_for(u64::MAX, u64::MAX), None);
    }

    #[test]
    fn what_is_used_up_refuses_until_a_part_is_there_again() {
        let requests = read(&openai(60, 0, "1m0s", 30_000, 30_000, "0s"));
        let tokens = read(&openai(60, 30, "30s", 30_000, 1_000, "58s"));

        assert_eq!(requests.refuses_for(1, 1), Some(Duration::from_secs(1)));
        assert_eq!(requests.refuses_all_for(), Some(Duration::from_secs(1)));
        assert_eq!(tokens.refuses_for(600, 400), None, "exactly what is left");
        assert_eq!(tokens.refuses_for(2_000, 1_000), Some(Duration::from_secs(4)), "two of 29 thousands are missing");
        assert_eq!(
            tokens.refuses_for(90_000, 0),
            Some(Duration::from_secs(58)),
            "more than ever fits in: when it is full"
        );
        assert_eq!(tokens.refuses_all_for(), None);
    }

    #[test]
    fn without_the_limits_size_its_reset_is_waited_for() {
        let limits = read(&[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")]);

        assert_eq!(limits.refuses_for(1, 1), Some(Duration::from_secs(360)));
    }

    #[test]
    fn prompt_and_answer_can_have_limits_of_their_own() {
        let limits = read(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-28T12:00:01Z"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-11-28T12:00:40Z"),
        ]);

        assert_eq!(limits.refuses_for(5_000, 4_000), Some(Duration::from_secs(20)));
        assert_eq!(limits.refuses_for(5_000, 0), None);
    }

    #[test]
    fn limits_that_cannot_be_are_absent() {
        for (limit, remaining, reset) in [
            ("-1", "-1", "0s"),
            ("0", "0", "0s"),
            ("-1", "0", "1m0s"),
            ("60", "-1", "1m0s"),
            ("60", "0", "soon"),
            ("", "0", "1s"),
        ] {
            let limits = read(&[
                ("x-ratelimit-limit-requests", limit),
                ("x-ratelimit-remaining-requests", remaining),
                ("x-ratelimit-reset-requests", reset),
            ]);

            assert_eq!(limits.refuses_for(1, 1), None, "{limit} {remaining} {reset}");
        }
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let cases = [
            ("1s", Some(Duration::from_secs(1))),
            ("6m0s", Some(Duration::from_secs(360))),
            ("120ms", Some(Duration::from_millis(120))),
            ("1h2m3.5s", Some(Duration::from_millis(3_723_500))),
            ("15µs", Some(Duration::from_micros(15))),
            ("", None),
            ("12", None),
            ("1d", None),
            ("-1s", None),
            ("1.2.3s", None),
        ];

        for (text, duration) in cases {
            assert_eq!(go_duration(text), duration, "{text:?}");
        }
    }

    #[test]
    fn a_reset_in_the_past_is_now_and_one_beyond_an_hour_is_an_hour() {
        let at = |reset: &'static str| {
            let headers =
                [("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", reset)];
            read(&headers).refuses_for(1, 1)
        };

        assert_eq!(at("2026-11-28T11:59:00Z"), None);
        assert_eq!(at("2026-12-28T12:00:00Z"), Some(LONGEST));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(limit in any_value(), remaining in any_value(), reset in any_value()) {
            let mut headers = HeaderMap::new();
            for of in ["requests", "tokens"] {
                for (what, value) in [("limit", &limit), ("remaining", &remaining), ("reset", &reset)] {
                    let names = [format!("x-ratelimit-{what}-{of}"), format!("anthropic-ratelimit-{of}-{what}")];
                    for name in names {
                        if let Ok(value) = http::HeaderValue::from_bytes(value) {
                            headers.insert(http::HeaderName::try_from(name).unwrap(), value);
                        }
                    }
                }
            }

            let limits = RateLimits::read(&headers, NOW.parse().unwrap());

            prop_assert!(limits.refuses_for(u64::MAX, u64::MAX).is_none_or(|wait| wait <= LONGEST));
        }
    }

    fn any_value() -> impl Strategy<Value = Vec<u8>> {
        let number = any::<u64>().prop_map(|number| number.to_string().into_bytes());
        let duration = "[0-9]{1,4}(h|m|s|ms|µs){1,2}".prop_map(String::into_bytes);
        let time = Just(b"2026-11-28T12:00:40Z".to_vec());
        prop_oneof![number, duration, time, proptest::collection::vec(any::<u8>(), 0..12)]
    }

    fn openai(
        requests: u64,
        requests_left: u64,
        requests_reset: &'static str,
        tokens: u64,
        tokens_left: u64,
        tokens_reset: &'static str,
    ) -> [(&'static str, String); 6] {
        [
            ("x-ratelimit-limit-requests", requests.to_string()),
            ("x-ratelimit-remaining-requests", requests_left.to_string()),
            ("x-ratelimit-reset-requests", requests_reset.to_owned()),
            ("x-ratelimit-limit-tokens", tokens.to_string()),
            ("x-ratelimit-remaining-tokens", tokens_left.to_string()),
            ("x-ratelimit-reset-tokens", tokens_reset.to_owned()),
        ]
    }

    fn read<V: AsRef<str>>(pairs: &[(&'static str, V)]) -> RateLimits {
        let header = |(name, value): &(&'static str, V)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value.as_ref()).unwrap())
        };
        RateLimits::read(&pairs.iter().map(header).collect(), NOW.parse().unwrap())
    }
}
