//! What will change about a model: its price, and its end.

use common::config::miner::Vendor;
use common::id::ModelName;

use super::ModelTable;

/// What the table knows of a model's future.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outlook {
    /// The day on which its next price begins, as `2026-12-01`, and in milliseconds since 1970.
    pub next_price: Option<(String, u64)>,
    /// The day from which it is gone, likewise.
    pub shutdown: Option<(String, u64)>,
}

impl ModelTable {
    /// Says what will change about a model after `unix_ms`; nothing is known of one that is not listed.
    #[must_use]
    pub fn outlook(&self, model: &ModelName, vendor: &Vendor, unix_ms: u64) -> Outlook {
        let Some((_, listed)) = self.listed(model, vendor) else { return Outlook::default() };
        let next = listed.prices.iter().map(|prices| prices.valid_from).find(|day| day.starts_unix_ms > unix_ms);
        let day = |day: super::table::Day| (day.date.to_string(), day.starts_unix_ms);
        Outlook { next_price: next.map(day), shutdown: listed.shutdown.map(day) }
    }

    /// Returns the models that the table lists for a vendor.
    #[must_use]
    pub fn listed_for(&self, vendor: &Vendor) -> Vec<ModelName> {
        let services = self.file.services.iter().filter(|service| service.is_at(vendor));
        services.flat_map(|service| &service.models).map(|model| model.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use common::config::miner::Dialect;

    use super::*;

    /// 2026-11-28
    const NOW: u64 = 1_795_824_000_000;

    #[test]
    fn a_price_that_doubles_is_seen_coming() {
        let gemini = Vendor::new(Dialect::Gemini, "https://generativelanguage.googleapis.com/v1beta");
        let table = ModelTable::shipped();

        let argon = table.outlook(&"gemini-4-argon".into(), &gemini, NOW);
        let lite = table.outlook(&"gemini-2.5-flash-lite".into(), &gemini, NOW);

        assert_eq!(argon.next_price.unwrap().0, "2026-12-01");
        assert_eq!(lite, Outlook::default());
    }

    #[test]
    fn an_end_is_seen_coming() {
        let openai = Vendor::new(Dialect::OpenaiChat, "https://api.openai.com/v1");

        let outlook = ModelTable::shipped().outlook(&"gpt-5.4-nano".into(), &openai, NOW);

        assert_eq!(outlook.shutdown.unwrap().0, "2027-04-01");
    }

    #[test]
    fn only_the_services_own_models_are_listed_for_it() {
        let anthropic = Vendor::new(Dialect::Anthropic, "https://api.anthropic.com/v1");

        let listed = ModelTable::shipped().listed_for(&anthropic);

        assert!(listed.contains(&"claude-haiku-5-5".into()) && !listed.contains(&"gpt-6-luna".into()), "{listed:?}");
    }
}
