//! Subnet 33, ReadyAI's conversation genome: the tags of a conversation's window, as `CgSynapse` of the public repository
//! (`conversationgenome/protocol.py`, task API 1.4, March 2026) carries them.
//!
//! `cgp_input` has one task. Conversation tagging is served; webpages, named entities, surveys and skills are declined. The
//! validator cleans the tags and embeds them itself, so `vectors` stays null, as the reference miner leaves it.

mod score;
mod tags;

use common::config::subnet::{AdapterAction, Route};
use common::id::TaskType;
use common::task::{Message, Role};
use serde_json::{Value, json};

use super::{Adapter, Misfit, ModelAnswer};
use crate::mapping::{Fields, TaskParts, Unmappable};
pub use score::{ScoredTag, score};
use tags::tags;

/// What the reference miner asks a model for.
const INSTRUCTION: &str = "Analyze conversation in terms of topic interests of the participants. Analyze the conversation \
                           (provided in structured XML format) where <p0> has the questions and <p1> has the answers. Return \
                           comma-delimited tags. Only return the tags without any English commentary.";

/// The only type of task that is served.
const TAGGING: &str = "conversation_tagging";

/// The adapter.
#[derive(Debug)]
pub(super) struct ConversationGenome {
    system: Option<String>,
    task_type: TaskType,
}

impl ConversationGenome {
    pub(super) fn new(action: &AdapterAction) -> Self {
        let task_type = action.task_type.clone().unwrap_or_else(|| TAGGING.into());
        Self { system: action.system.clone(), task_type }
    }
}

impl Adapter for ConversationGenome {
    fn misfit(&self, route: &Route, has_class: bool) -> Option<String> {
        let missing = ["cgp_input", "cgp_output"].into_iter().find(|name| !route.fields.contains_key(*name))?;
        has_class.then(|| format!("needs the field {missing} of CgSynapse under fields"))
    }

    fn task(&self, fields: Fields<'_>) -> Result<TaskParts, Unmappable> {
        let lacks = |key: &str| Unmappable::MessageShape { field: "cgp_input".into(), index: 0, key: key.to_owned() };
        let task = fields("cgp_input").and_then(|input| input.get(0)?.get("task")).ok_or_else(|| lacks("task"))?;
        if task.get("type").and_then(Value::as_str) != Some(TAGGING) {
            return Err(Unmappable::Unserved);
        }
        let window = task.pointer("/input/data/window").and_then(Value::as_array).ok_or_else(|| lacks("window"))?;
        let conversation = xml(window).ok_or(Unmappable::Empty)?;
        let wish = task.pointer("/prompt_chain/0/prompt_template").and_then(Value::as_str);
        let instruction = wish.filter(|wish| !wish.trim().is_empty()).unwrap_or(INSTRUCTION);
        let system = self.system.iter().map(|text| Message { role: Role::System, content: text.clone() });
        let user = Message { role: Role::User, content: format!("{instruction}\n\n\n\n{conversation}") };
        Ok(TaskParts { task_type: self.task_type.clone(), messages: system.chain([user]).collect(), max_tokens: None })
    }

    fn answer(&self, _: Fields<'_>, answer: ModelAnswer) -> Result<Vec<(String, Value)>, Misfit> {
        let tags = answer.value.as_str().map(tags).unwrap_or_default();
        if tags.is_empty() {
            return Err(Misfit::Empty);
        }
        Ok(vec![("cgp_output".to_owned(), json!([{ "tags": tags, "vectors": null }]))])
    }
}

/// The lines of a window, each a speaker's number and a text, as the reference writes them; none if nobody says anything.
fn xml(window: &[Value]) -> Option<String> {
    let mut xml = String::from("<conversation id='83945'>");
    let mut says_something = false;
    for line in window {
        let (Some(speaker), Some(text)) = (line.get(0).and_then(Value::as_i64), line.get(1).and_then(Value::as_str))
        else {
            continue;
        };
        says_something |= !text.trim().is_empty();
        xml.push_str(&format!("<p{speaker}>{text}</p{speaker}>"));
    }
    xml.push_str("</conversation>");
    says_something.then_some(xml)
}

#[cfg(test)]
mod tests {
    use common::config::subnet::AdapterName;
    use common::id::TaskId;
    use common::usage::TokenUsage;

    use super::*;

    fn adapter() -> ConversationGenome {
        ConversationGenome::new(&AdapterAction { name: AdapterName::ConversationGenome, system: None, task_type: None })
    }

    fn request(task_type: &str, window: &Value) -> Value {
        json!({ "cgp_input": [{ "task": {
            "mode": "validator", "api_version": 1.4, "guid": "a", "bundle_guid": "b", "type": task_type,
            "scoring_mechanism": "ground_truth_tag_similarity_scoring",
            "input": { "guid": "c", "input_type": "conversation", "data": {
                "participants": ["p0", "p1"], "window_idx": 0, "window": window
            } },
            "prompt_chain": [{ "step": 0, "prompt_template": "" }], "example_output": null
        } }] })
    }

    fn task_of(request: &Value) -> Result<TaskParts, Unmappable> {
        adapter().task(&|name| request.get(name))
    }

    #[test]
    fn a_window_is_asked_about_as_the_reference_miner_does() {
        let parts = task_of(&request(TAGGING, &json!([[0, "Do you sail?"], [1, "On lakes."], ["x"]]))).unwrap();

        let expected = "<conversation id='83945'><p0>Do you sail?</p0><p1>On lakes.</p1></conversation>";
        assert_eq!(parts.messages[0].content, format!("{INSTRUCTION}\n\n\n\n{expected}"));
        assert_eq!(parts.task_type.as_str(), TAGGING);
    }

    #[test]
    fn other_tasks_are_not_served_and_empty_ones_are_none() {
        assert_eq!(task_of(&request("survey_tagging", &json!([[0, "x"]]))), Err(Unmappable::Unserved));
        assert_eq!(task_of(&request(TAGGING, &json!([[0, " "]]))), Err(Unmappable::Empty));
        for shapeless in
            [json!({}), json!({ "cgp_input": [] }), json!({ "cgp_input": [{ "task": { "type": TAGGING } }] })]
        {
            assert!(matches!(task_of(&shapeless), Err(Unmappable::MessageShape { .. })), "{shapeless}");
        }
    }

    #[test]
    fn the_answer_is_one_result_with_clean_tags() {
        let answer = |text: &str| {
            let (task, usage) = (TaskId::new(1, [0; 10]), TokenUsage::default());
            adapter().answer(&|_| None, ModelAnswer { task, unix_ms: 1, value: json!(text), usage })
        };

        let fields = answer("Sailing, \"Lake Tahoe\", sailing").unwrap();

        assert_eq!(
            fields,
            [("cgp_output".to_owned(), json!([{ "tags": ["sailing", "lake tahoe"], "vectors": null }]))]
        );
        assert_eq!(answer(" , !"), Err(Misfit::Empty));
    }
}
