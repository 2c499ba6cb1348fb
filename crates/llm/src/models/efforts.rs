//! How much models can be told to think.

use common::config::miner::{Effort, Vendor};
use common::id::ModelName;

use super::ModelTable;

impl ModelTable {
    /// Returns how much a model can be told to think at a vendor, least first; empty if it cannot be told.
    #[must_use]
    pub fn efforts(&self, model: &ModelName, vendor: &Vendor) -> Vec<Effort> {
        let thinking = self.listed(model, vendor).filter(|(service, _)| service.is_at(vendor));
        let mut efforts =
            thinking.and_then(|(_, listed)| listed.thinking.as_ref()).map_or_else(Vec::new, |t| t.efforts.clone());
        efforts.sort_unstable();
        efforts
    }
}

#[cfg(test)]
mod tests {
    use common::config::miner::Dialect;

    use super::*;

    #[test]
    fn only_the_service_itself_can_be_told_how_much_to_think() {
        let openai = Vendor::new(Dialect::OpenaiChat, "https://api.openai.com/v1");
        let other = Vendor::new(Dialect::OpenaiChat, "http://127.0.0.1:8080/v1");
        let efforts = |vendor| ModelTable::shipped().efforts(&"gpt-6-luna".into(), vendor);

        assert_eq!(efforts(&openai).first(), Some(&Effort::None));
        assert_eq!(efforts(&openai).last(), Some(&Effort::Max));
        assert!(efforts(&other).is_empty());
    }
}
