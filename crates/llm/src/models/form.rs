//! What a request must say besides the question: what pins its price, how much to think, and the operator's own fields.

use common::config::miner::{CapField, Dialect, Effort, Vendor};
use common::id::ModelName;
use serde_json::{Map, Value, json};

use super::ModelTable;
use super::thinking::Sampling;

/// What a request must say besides the question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RequestForm {
    pub(crate) cap_field: CapField,
    pub(crate) fields: Map<String, Value>,
}

/// What a call wants of its model, as far as the model can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    pub(crate) effort: Option<Effort>,
    pub(crate) temperature: Option<f64>,
    /// The output cap.
    pub(crate) cap: u32,
}

impl ModelTable {
    /// Returns what a request for `model` must say. Only the service itself gets fields that a compatible server may refuse.
    pub(crate) fn form(&self, model: &ModelName, vendor: &Vendor, asked: Asked) -> RequestForm {
        let listed = self.listed(model, vendor).map(|(_, listed)| listed);
        let mut fields = Map::new();
        let mut level = None;
        // A model that nobody has described samples as servers of open models do.
        let mut sampling = Sampling::Full;
        if let Some(service) = self.file.services.iter().find(|service| service.is_at(vendor)) {
            fields.extend(service.request_fields.clone());
            sampling = listed.map(|listed| listed.sampling).unwrap_or_default();
            if let Some(listed) = listed {
                fields.extend(listed.request_fields.clone());
                if let Some((thinking, effort)) = listed.thinking.as_ref().zip(asked.effort) {
                    level = thinking.level(effort);
                    fields.extend(level.map(|level| thinking.control.fields(level, asked.cap)).unwrap_or_default());
                }
            }
        }
        let takes_temperature = match sampling {
            Sampling::None => false,
            Sampling::OnlyEffortNone => level == Some(Effort::None),
            Sampling::Full => true,
        };
        if let Some(temperature) = asked.temperature.filter(|_| takes_temperature) {
            add_temperature(&mut fields, vendor.dialect, temperature);
        }
        fields.extend(vendor.request_fields.clone());
        RequestForm { cap_field: self.cap_field(model, vendor), fields }
    }

    /// Returns the field that caps the output. Of compatible servers, many ignore the newer one and would generate without end.
    pub(super) fn cap_field(&self, model: &ModelName, vendor: &Vendor) -> CapField {
        let listed = self.listed(model, vendor).map(|(_, listed)| listed.cap_field);
        vendor.cap_field.or(listed).unwrap_or(CapField::MaxTokens)
    }
}

fn add_temperature(fields: &mut Map<String, Value>, dialect: Dialect, temperature: f64) {
    match dialect {
        Dialect::OpenaiChat | Dialect::Anthropic => {
            fields.insert("temperature".into(), temperature.into());
        }
        Dialect::Gemini => {
            let config = fields.entry("generationConfig").or_insert_with(|| json!({}));
            if let Some(config) = config.as_object_mut() {
                config.insert("temperature".into(), temperature.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai() -> Vendor {
        Vendor::new(Dialect::OpenaiChat, "https://api.openai.com/v1")
    }

    fn anthropic() -> Vendor {
        Vendor::new(Dialect::Anthropic, "https://api.anthropic.com/v1")
    }

    fn gemini() -> Vendor {
        Vendor::new(Dialect::Gemini, "https://generativelanguage.googleapis.com/v1")
    }

    fn fields(model: &str, vendor: &Vendor, effort: Option<Effort>, temperature: Option<f64>) -> Value {
        let asked = Asked { effort, temperature, cap: 1_000 };
        Value::Object(ModelTable::shipped().form(&model.into(), vendor, asked).fields)
    }

    #[test]
    fn every_service_is_pinned_to_its_plain_price() {
        assert_eq!(
            fields("gpt-6-luna", &openai(), None, None),
            json!({ "store": false, "service_tier": "default", "prompt_cache_options": { "mode": "explicit" } })
        );
        assert_eq!(
            fields("claude-haiku-5-5", &anthropic(), None, None),
            json!({ "service_tier": "standard_only", "inference_geo": "global" })
        );
        assert_eq!(fields("gemini-4-argon", &gemini(), None, None), json!({ "serviceTier": "standard" }));
    }

    #[test]
    fn no_compatible_server_gets_the_services_own_fields() {
        for vendor in [openai(), anthropic(), gemini()] {
            let vendor = Vendor { base_url: "http://127.0.0.1:8080/v1".into(), ..vendor };

            assert_eq!(fields("gpt-6-luna", &vendor, Some(Effort::High), None), json!({}));
        }
    }

    #[test]
    fn a_temperature_goes_only_where_the_table_allows_it() {
        let sent = |model: &str, vendor: &Vendor, effort| {
            let fields = fields(model, vendor, effort, Some(0.5));
            fields.get("temperature").or_else(|| fields.get("generationConfig")?.get("temperature")).cloned()
        };
        let local = Vendor::new(Dialect::OpenaiChat, "http://127.0.0.1:11434/v1");

        assert_eq!(sent("gpt-6-luna", &openai(), None), None);
        assert_eq!(sent("gpt-6-luna", &openai(), Some(Effort::Low)), None);
        assert_eq!(sent("gpt-6-luna", &openai(), Some(Effort::None)), Some(0.5.into()));
        assert_eq!(sent("gpt-6.2-sol", &openai(), Some(Effort::None)), None);
        assert_eq!(sent("claude-haiku-5-5", &anthropic(), Some(Effort::None)), None);
        assert_eq!(sent("gemini-4-argon", &gemini(), None), None);
        assert_eq!(sent("gemini-2.5-flash-lite", &gemini(), None), Some(0.5.into()));
        assert_eq!(sent("not-listed", &openai(), None), None);
        assert_eq!(sent("smollm2", &local, None), Some(0.5.into()));
    }

    #[test]
    fn a_level_that_the_model_refuses_is_not_sent() {
        let effort = |model: &str| fields(model, &openai(), Some(Effort::None), None)["reasoning_effort"].clone();

        assert_eq!(effort("gpt-6-luna"), "none");
        assert_eq!(effort("gpt-6.2-sol"), "low");
    }

    #[test]
    fn the_operators_fields_are_sent() {
        let provider = json!({ "allow_fallbacks": false });
        let router = Vendor {
            request_fields: [("provider".into(), provider.clone())].into(),
            ..Vendor::new(Dialect::OpenaiChat, "https://openrouter.ai/api/v1")
        };

        assert_eq!(fields("any/model", &router, None, None), json!({ "provider": provider }));
    }
}
