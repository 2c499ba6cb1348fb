//! One HTTP client for what is not Telegram.

use std::time::Duration;

use reqwest_of_teloxide::{Client, Response, StatusCode, Url, redirect};

use crate::send_error::SendError;

const PATIENCE: Duration = Duration::from_secs(15);

/// Makes a client that follows nobody elsewhere: the messages are for one address.
pub(crate) fn client() -> Result<Client, SendError> {
    let builder = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none());
    builder.build().map_err(|_| SendError::Unusable { reason: "TLS cannot be set up on this machine".into() })
}

/// Reads an address of the configuration.
pub(crate) fn url(key: &str, text: &str) -> Result<Url, SendError> {
    let usable = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    usable.ok_or_else(|| SendError::Unusable { reason: format!("{key} is no http or https address") })
}

/// Sorts what a server said. Its words are not repeated: they could hold the address or the token.
pub(crate) fn outcome(answer: Result<Response, reqwest_of_teloxide::Error>) -> Result<(), SendError> {
    match answer.map(|response| response.status()) {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status @ (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)) => Err(later(status)),
        Ok(status) if status.is_server_error() => Err(later(status)),
        Ok(status) => {
            Err(SendError::Refused { reason: format!("the server answered {status}: check address and token") })
        }
        Err(error) if error.is_timeout() => Err(SendError::later("the server did not answer in time")),
        Err(_) => Err(SendError::later("the server cannot be reached")),
    }
}

fn later(status: StatusCode) -> SendError {
    SendError::later(format!("the server answered {status}"))
}
