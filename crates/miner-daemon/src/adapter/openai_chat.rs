//! OpenAI's chat completions as validators ask for them, over `btauth/1` or Epistula: the public API as of 2024-11, of which
//! one text choice is answered.
//!
//! Sampling parameters, seeds and the model's name are the validator's wishes; what is answered by is the profile's choice.
//! The name is echoed, because clients compare it.

use common::config::subnet::{AdapterAction, Route, StreamRule};
use common::id::{TaskId, TaskType};
use common::task::{Message, Role};
use common::usage::TokenUsage;
use serde_json::{Value, json};

use super::{Adapter, Framing, Misfit, ModelAnswer, is_empty};
use crate::mapping::{Fields, PromptRule, TaskParts, Unmappable, token_cap};

/// The longest model name that is echoed.
const MAX_NAME: usize = 128;

/// The adapter.
#[derive(Debug)]
pub(super) struct OpenaiChat {
    prompt: PromptRule,
    system: Option<String>,
    task_type: TaskType,
}

impl OpenaiChat {
    pub(super) fn new(action: &AdapterAction) -> Self {
        Self {
            prompt: PromptRule::openai_chat(),
            system: action.system.clone(),
            task_type: action.task_type.clone().unwrap_or_else(|| "chat".into()),
        }
    }
}

impl Adapter for OpenaiChat {
    fn misfit(&self, route: &Route, has_class: bool) -> Option<String> {
        let always = match route.stream {
            StreamRule::Always => true,
            StreamRule::Never | StreamRule::Asked => false,
        };
        // A completion has no place in a synapse; its events have.
        (has_class && !always).then(|| "answers a synapse in events only: set stream to always".to_owned())
    }

    fn task(&self, fields: Fields<'_>) -> Result<TaskParts, Unmappable> {
        let conversation = self.prompt.apply(fields)?;
        if conversation.iter().all(|message| message.content.trim().is_empty()) {
            return Err(Unmappable::Empty);
        }
        let system = self.system.iter().map(|text| Message { role: Role::System, content: text.clone() });
        Ok(TaskParts {
            task_type: self.task_type.clone(),
            messages: system.chain(conversation).collect(),
            max_tokens: wanted_tokens(fields),
        })
    }

    fn answer(&self, fields: Fields<'_>, answer: ModelAnswer) -> Result<Vec<(String, Value)>, Misfit> {
        if is_empty(&answer.value) {
            return Err(Misfit::Empty);
        }
        let message = json!({ "role": "assistant", "content": answer.value });
        let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": "stop" });
        let fields = [
            ("id", json!(id(answer.task))),
            ("object", json!("chat.completion")),
            ("created", json!(answer.unix_ms / 1000)),
            ("model", json!(model(fields))),
            ("choices", json!([choice])),
            ("usage", usage(answer.usage)),
        ];
        Ok(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn framing(&self, fields: Fields<'_>, task: TaskId, unix_ms: u64) -> Box<dyn Framing> {
        let wants_usage = fields("stream_options").and_then(|options| options.get("include_usage")?.as_bool());
        Box::new(Chunks {
            id: id(task),
            created: unix_ms / 1000,
            model: model(fields),
            wants_usage: wants_usage.unwrap_or(false),
        })
    }
}

/// The cap under its name of today, its older one, or where Apex puts it.
fn wanted_tokens(fields: Fields<'_>) -> Option<u32> {
    let nested = || fields("sampling_parameters").and_then(|parameters| parameters.get("max_new_tokens"));
    ["max_completion_tokens", "max_tokens"]
        .into_iter()
        .find_map(|name| fields(name).and_then(token_cap))
        .or_else(|| nested().and_then(token_cap))
}

fn id(task: TaskId) -> String {
    format!("chatcmpl-{task}")
}

fn model(fields: Fields<'_>) -> String {
    let named = fields("model").and_then(Value::as_str).filter(|name| name.len() <= MAX_NAME);
    named.unwrap_or("default").to_owned()
}

fn usage(usage: TokenUsage) -> Value {
    let prompt = usage.total().saturating_sub(usage.output);
    json!({ "prompt_tokens": prompt, "completion_tokens": usage.output, "total_tokens": usage.total() })
}

/// The answer as `chat.completion.chunk` events.
#[derive(Debug)]
struct Chunks {
    id: String,
    created: u64,
    model: String,
    wants_usage: bool,
}

impl Chunks {
    fn event(&self, choices: &Value, usage: Option<Value>) -> String {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let (Some(usage), Some(chunk)) = (usage, chunk.as_object_mut()) {
            chunk.insert("usage".to_owned(), usage);
        }
        format!("data: {chunk}\n\n")
    }

    fn delta(&self, delta: &Value, finish_reason: Option<&str>) -> String {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason });
        self.event(&json!([choice]), None)
    }
}

impl Framing for Chunks {
    fn is_events(&self) -> bool {
        true
    }

    fn begin(&mut self) -> String {
        self.delta(&json!({ "role": "assistant", "content": "" }), None)
    }

    fn piece(&mut self, text: &str) -> String {
        self.delta(&json!({ "content": text }), None)
    }

    fn end(&mut self, tokens: TokenUsage) -> String {
        let mut end = self.delta(&json!({}), Some("stop"));
        if self.wants_usage {
            end.push_str(&self.event(&json!([]), Some(usage(tokens))));
        }
        end.push_str("data: [DONE]\n\n");
        end
    }

    fn fail(&mut self) -> String {
        let error = json!({ "error": { "message": "Failed", "type": "server_error", "code": null } });
        format!("data: {error}\n\n")
    }
}

#[cfg(test)]
mod tests {
    use common::config::subnet::AdapterName;

    use super::*;

    fn adapter() -> OpenaiChat {
        OpenaiChat::new(&AdapterAction {
            name: AdapterName::OpenaiChat,
            system: Some("Be brief".into()),
            task_type: None,
        })
    }

    fn task_of(request: &Value) -> Result<TaskParts, Unmappable> {
        adapter().task(&|name| request.get(name))
    }

    #[test]
    fn a_request_of_apex_is_a_task() {
        let request = json!({
            "messages": [{ "role": "developer", "content": "Kindly." }, { "role": "user", "content": [{ "type": "text", "text": "Why?" }] }],
            "model": null, "stream": true, "seed": 42, "task": "QuestionAnsweringTask", "timeout": 20,
            "sampling_parameters": { "temperature": 0.7, "max_new_tokens": 256 }
        });

        let parts = task_of(&request).unwrap();

        let said: Vec<_> = parts.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
        assert_eq!(said, [(Role::System, "Be brief"), (Role::System, "Kindly."), (Role::User, "Why?")]);
        assert_eq!((parts.task_type.as_str(), parts.max_tokens), ("chat", Some(256)));
    }

    #[test]
    fn what_says_nothing_is_no_task() {
        for request in [
            json!({}),
            json!({ "messages": [] }),
            json!({ "messages": [{ "role": "user", "content": " " }] }),
            json!({ "messages": "hi" }),
        ] {
            assert!(task_of(&request).is_err(), "{request}");
        }
    }

    #[test]
    fn an_answer_is_a_completion() {
        let request = json!({ "model": "gpt-9" });
        let usage = TokenUsage { input_uncached: 5, input_cache_read: 2, input_cache_write: 0, output: 3 };
        let answer = ModelAnswer { task: TaskId::new(1, [0; 10]), unix_ms: 12_000, value: json!("Because"), usage };

        let fields: serde_json::Map<_, _> =
            adapter().answer(&|name| request.get(name), answer).unwrap().into_iter().collect();

        assert_eq!(
            (&fields["object"], &fields["created"], &fields["model"]),
            (&json!("chat.completion"), &json!(12), &json!("gpt-9"))
        );
        assert_eq!(fields["choices"][0]["message"], json!({ "role": "assistant", "content": "Because" }));
        assert_eq!(fields["usage"], json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 }));
    }

    #[test]
    fn a_stream_is_events_up_to_done() {
        let request = json!({ "stream_options": { "include_usage": true } });
        let mut framing = adapter().framing(&|name| request.get(name), TaskId::new(1, [0; 10]), 12_000);

        let sent = [framing.begin(), framing.piece("Be\n"), framing.piece("cause"), framing.end(TokenUsage::default())]
            .concat();

        let events: Vec<&str> =
            sent.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
        let (done, chunks) = events.split_last().unwrap();
        let chunks: Vec<Value> = chunks.iter().map(|chunk| serde_json::from_str(chunk).unwrap()).collect();
        let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!((*done, text.as_str()), ("[DONE]", "Be\ncause"));
        assert_eq!((&chunks[3]["choices"][0]["finish_reason"], &chunks[4]["choices"]), (&json!("stop"), &json!([])));
        assert_eq!(chunks[4]["usage"]["total_tokens"], 0);
    }
}
