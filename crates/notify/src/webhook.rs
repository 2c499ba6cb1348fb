//! An address that each message is posted to, as a JSON object with the text.

use common::config::alerts::WebhookChannel;
use reqwest_of_teloxide::header::{CONTENT_TYPE, HeaderName};
use reqwest_of_teloxide::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::http;
use crate::send_error::SendError;

/// The same for each try of a message, so that a receiver can drop the second.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An address.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    url: Url,
    token: Option<SecretString>,
    text_key: String,
}

impl Webhook {
    pub(crate) fn new(config: &WebhookChannel, token: Option<SecretString>) -> Result<Self, SendError> {
        let url = http::url("alerts.webhook.url", &config.url)?;
        Ok(Self { client: http::client()?, url, token, text_key: config.text_key.clone() })
    }

    pub(crate) async fn send(&self, key: &str, text: &str) -> Result<(), SendError> {
        let body = Value::Object(Map::from_iter([(self.text_key.clone(), Value::from(text))]));
        let request = self.client.post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "application/json").header(IDEMPOTENCY_KEY, key);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        http::outcome(request.body(body.to_string()).send().await)
    }
}
