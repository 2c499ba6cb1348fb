//! Why a call has no answer; each format has its own words for it.

/// A call without an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct VendorError {
    pub(super) trouble: Trouble,
    pub(super) message: String,
}

/// What is the matter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The request makes no sense.
    Invalid,
    /// The key is none.
    InvalidKey,
    /// There is no such model.
    UnknownModel,
    /// There is nothing at that path.
    UnknownUrl,
    /// Too many calls.
    RateLimited,
    /// No capacity.
    Overloaded,
    /// The vendor failed.
    Failed,
}

impl VendorError {
    pub(super) fn invalid(problem: &str) -> Self {
        Self::new(Trouble::Invalid, problem)
    }

    pub(super) fn invalid_key() -> Self {
        Self::new(Trouble::InvalidKey, "Incorrect API key provided")
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        Self::new(Trouble::UnknownModel, &format!("The model `{model}` does not exist"))
    }

    pub(super) fn unknown_url() -> Self {
        let message = "There are POST /v1/chat/completions, /anthropic/v1/messages and \
                       /gemini/v1/models/MODEL:generateContent, and GET of `models` below each";
        Self::new(Trouble::UnknownUrl, message)
    }

    pub(super) fn rate_limited() -> Self {
        Self::new(Trouble::RateLimited, "Rate limit reached for requests")
    }

    pub(super) fn overloaded() -> Self {
        Self::new(Trouble::Overloaded, "The server is overloaded")
    }

    pub(super) fn failed() -> Self {
        Self::new(Trouble::Failed, "The server had an error while processing your request")
    }

    pub(super) fn status(&self) -> u16 {
        match self.trouble {
            Trouble::Invalid => 400,
            Trouble::InvalidKey => 401,
            Trouble::UnknownModel | Trouble::UnknownUrl => 404,
            Trouble::RateLimited => 429,
            Trouble::Failed => 500,
            Trouble::Overloaded => 503,
        }
    }

    /// How long to wait, in seconds.
    pub(super) fn retry_after_s(&self) -> Option<u32> {
        (self.trouble == Trouble::RateLimited).then_some(1)
    }

    fn new(trouble: Trouble, message: &str) -> Self {
        Self { trouble, message: message.to_owned() }
    }
}
