//! Clients with one vendor and one model, ready to call.

use std::time::Duration;

use common::config::miner::Vendor;
use common::config::subnet::ModelRef;
use common::id::{AttemptId, ModelName};
use common::task::{Message, Role};
use llm::{CallError, Clients, Completion, Issuer, Permit, WorstCase, input_token_bound};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The three formats, by their names in miner-config.json.
pub(crate) const DIALECTS: [&str; 3] = ["openai-chat", "anthropic", "gemini"];

/// How an answer is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Plain,
    Streamed,
}

pub(crate) const WAYS: [Way; 2] = [Way::Plain, Way::Streamed];

pub(crate) struct Caller {
    clients: Clients,
    issuer: Issuer,
}

impl Caller {
    pub(crate) fn new(base_url: &str) -> Self {
        Self::with(base_url, "")
    }

    /// With more keys of a vendor's configuration, such as `, "service": "openai"`.
    pub(crate) fn with(base_url: &str, more: &str) -> Self {
        Self::of("openai-chat", base_url, more)
    }

    /// One that speaks the dialect.
    pub(crate) fn of(dialect: &str, base_url: &str, more: &str) -> Self {
        let vendor = format!(r#"{{"dialect": "{dialect}", "base_url": "{base_url}", "credential": "key"{more}}}"#);
        let vendor: Vendor = serde_json::from_str(&vendor).unwrap();
        let keys = [("vendor".into(), SecretString::from("sk-test"))].into();
        let (clients, issuer) = Clients::new(&[("vendor".into(), vendor)].into(), keys).unwrap();
        Self { clients, issuer }
    }

    pub(crate) async fn ask(&self, question: &str) -> Result<Completion, CallError> {
        self.ask_within(question, Duration::from_secs(20)).await
    }

    pub(crate) async fn list_within(&self, time: Duration) -> Result<Vec<ModelName>, CallError> {
        let models = self.clients.list_models(&"vendor".into(), Instant::now() + time).await?;
        Ok(models.into_iter().map(|model| model.name).collect())
    }

    pub(crate) async fn list(&self) -> Result<Vec<ModelName>, CallError> {
        self.list_within(Duration::from_secs(20)).await
    }

    pub(crate) async fn ask_within(&self, question: &str, time: Duration) -> Result<Completion, CallError> {
        let messages = [Message { role: Role::User, content: question.into() }];
        self.clients.complete(self.permit(&messages), &messages, Instant::now() + time).await
    }

    /// Asks for a stream; returns the pieces too.
    pub(crate) async fn stream_within(
        &self,
        question: &str,
        time: Duration,
    ) -> (Vec<String>, Result<Completion, CallError>) {
        let messages = [Message { role: Role::User, content: question.into() }];
        let (deltas, mut taken) = mpsc::channel(1);
        let stream = async {
            // The sender goes when the stream has ended.
            let deltas = deltas;
            self.clients.stream(self.permit(&messages), &messages, &deltas, Instant::now() + time).await
        };
        let take = async {
            let mut pieces = Vec::new();
            while let Some(piece) = taken.recv().await {
                pieces.push(piece);
            }
            pieces
        };
        let (result, pieces) = tokio::join!(stream, take);
        (pieces, result)
    }

    /// Asks either way. A stream's pieces must be its answer.
    pub(crate) async fn ask_in(&self, way: Way, question: &str, time: Duration) -> Result<Completion, CallError> {
        match way {
            Way::Plain => self.ask_within(question, time).await,
            Way::Streamed => {
                let (pieces, result) = self.stream_within(question, time).await;
                if let Ok(completion) = &result {
                    assert_eq!(pieces.concat(), completion.text);
                }
                result
            }
        }
    }

    /// Asks for a stream of which nobody takes the pieces.
    pub(crate) async fn stream_to_nobody(&self, question: &str) -> Result<Completion, CallError> {
        let messages = [Message { role: Role::User, content: question.into() }];
        let (deltas, taken) = mpsc::channel(1);
        drop(taken);
        self.clients.stream(self.permit(&messages), &messages, &deltas, Instant::now() + Duration::from_secs(20)).await
    }

    fn permit(&self, messages: &[Message]) -> Permit {
        let worst = WorstCase { input_tokens: input_token_bound(messages), output_tokens: 64 };
        let model = ModelRef { vendor: "vendor".into(), model: "gpt-6-luna".into() };
        self.issuer.permit(AttemptId::new(1, [0; 10]), model, worst)
    }
}
