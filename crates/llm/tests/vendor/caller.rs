//! Clients with one vendor and one model, ready to call.

use std::time::Duration;

use common::config::miner::Vendor;
use common::config::subnet::ModelRef;
use common::id::{AttemptId, ModelName};
use common::task::{Message, Role};
use llm::{CallError, Clients, Completion, Issuer, WorstCase, input_token_bound};
use secrecy::SecretString;
use tokio::time::Instant;

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
        let vendor = format!(r#"{{"dialect": "openai-chat", "base_url": "{base_url}", "credential": "key"{more}}}"#);
        let vendor: Vendor = serde_json::from_str(&vendor).unwrap();
        let keys = [("vendor".into(), SecretString::from("sk-test"))].into();
        let (clients, issuer) = Clients::new(&[("vendor".into(), vendor)].into(), keys).unwrap();
        Self { clients, issuer }
    }

    pub(crate) async fn ask(&self, question: &str) -> Result<Completion, CallError> {
        self.ask_within(question, Duration::from_secs(20)).await
    }

    pub(crate) async fn list_within(&self, time: Duration) -> Result<Vec<ModelName>, CallError> {
        self.clients.list_models(&"vendor".into(), Instant::now() + time).await
    }

    pub(crate) async fn list(&self) -> Result<Vec<ModelName>, CallError> {
        self.list_within(Duration::from_secs(20)).await
    }

    pub(crate) async fn ask_within(&self, question: &str, time: Duration) -> Result<Completion, CallError> {
        let messages = [Message { role: Role::User, content: question.into() }];
        let worst = WorstCase { input_tokens: input_token_bound(&messages), output_tokens: 64 };
        let model = ModelRef { vendor: "vendor".into(), model: "gpt-6-luna".into() };
        let permit = self.issuer.permit(AttemptId::new(1, [0; 10]), model, worst);
        self.clients.complete(permit, &messages, Instant::now() + time).await
    }
}
