//! Which secrets are taken: API keys, and nothing that belongs to a person's subscription.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Longer than any API key.
const MAX_BYTES: usize = 4096;

/// Checks a secret before it is encrypted, and after it is opened.
///
/// # Errors
///
/// If it cannot be an API key or must not be used as one; the secret is not part of the error.
pub fn check_secret(secret: &SecretString) -> Result<(), SecretError> {
    let text = secret.expose_secret();
    if text.trim().is_empty() {
        return Err(SecretError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(SecretError::Whitespace);
    }
    if text.len() > MAX_BYTES {
        return Err(SecretError::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretError::Unprintable);
    }
    match Subscription::of(text) {
        Some(subscription) => Err(SecretError::Subscription(subscription)),
        None => Ok(()),
    }
}

/// The secret is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
    /// It has a space or a line break.
    #[error("the secret has a space or a line break, also at its end perhaps: paste the key alone")]
    Whitespace,
    /// It is longer than any key.
    #[error("the secret is longer than {MAX_BYTES} bytes: paste the key alone")]
    TooLong,
    /// It has characters that no key has.
    #[error("the secret has characters that no key has: paste the key alone")]
    Unprintable,
    /// It is not an API key.
    #[error(
        "this is {0}, not an API key. It belongs to a person's subscription, whose terms do not allow this use, and \
             it can get the account closed: make an API key in the vendor's developer console"
    )]
    Subscription(Subscription),
}

/// A token of a consumer's subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subscription {
    /// `sk-ant-oat…`, `sk-ant-ort…` or `sk-ant-sid…`
    Claude,
    /// `eyJ…`, a JSON web token
    ChatGpt,
    /// `ya29.…` or `1//…`
    Google,
}

impl Subscription {
    fn of(text: &str) -> Option<Self> {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if starts(&["sk-ant-oat", "sk-ant-ort", "sk-ant-sid"]) {
            Some(Self::Claude)
        } else if starts(&["eyJ"]) {
            Some(Self::ChatGpt)
        } else if starts(&["ya29.", "1//"]) {
            Some(Self::Google)
        } else {
            None
        }
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claude => "a login token of a Claude subscription",
            Self::ChatGpt => "a session token such as ChatGPT's",
            Self::Google => "a login token of a Google account",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_keys_and_bot_tokens_are_taken() {
        let keys = [
            "sk-proj-Ab3_x-9",
            "sk-ant-api03-Ab3",
            "AIzaSyAb3",
            "gsk_Ab3",
            "0123456789abcdef",
            "123456789:AAF-bot_token",
            "ollama",
        ];

        for key in keys {
            assert_eq!(check(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn subscription_tokens_are_refused_with_the_reason() {
        let cases = [
            ("sk-ant-oat01-Ab3", Subscription::Claude),
            ("sk-ant-ort01-Ab3", Subscription::Claude),
            ("sk-ant-sid01-Ab3", Subscription::Claude),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2ln", Subscription::ChatGpt),
            ("ya29.a0AfH6SM", Subscription::Google),
            ("1//0gAb3", Subscription::Google),
        ];

        for (token, subscription) in cases {
            let error = check(token).unwrap_err();

            assert_eq!(error, SecretError::Subscription(subscription), "{token}");
            assert!(error.to_string().contains("make an API key"));
            assert!(!error.to_string().contains(token));
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_refused() {
        let long = "x".repeat(4097);
        let cases = [
            ("", SecretError::Empty),
            (" \n", SecretError::Empty),
            ("sk-1\n", SecretError::Whitespace),
            (" sk-1", SecretError::Whitespace),
            ("sk-1 # mine", SecretError::Whitespace),
            ("sk-\u{0}", SecretError::Unprintable),
            ("sk-ключ", SecretError::Unprintable),
            (long.as_str(), SecretError::TooLong),
        ];

        for (secret, error) in cases {
            assert_eq!(check(secret), Err(error), "{secret:?}");
        }
    }

    fn check(secret: &str) -> Result<(), SecretError> {
        check_secret(&SecretString::from(secret))
    }
}
