//! The JSON Schemas of the configuration files, made from their types; `config/schema/` has them as files.

use common::config::budget::TokenBudgets;
use common::config::credential::LlmCredentials;
use common::config::miner::MinerConfig;
use common::config::subnet::SubnetProfiles;
use schemars::JsonSchema;
use serde_json::Value;

/// Makes the schema of a file's type.
pub(super) fn of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// Returns each file's schema, with the file's name without its ending.
#[must_use]
pub fn all() -> [(&'static str, Value); 4] {
    [
        ("miner-config", of::<MinerConfig>()),
        ("subnet-profiles", of::<SubnetProfiles>()),
        ("token-budgets", of::<TokenBudgets>()),
        ("llm-credentials", of::<LlmCredentials>()),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Set it to write the files anew.
    const UPDATE: &str = "UPDATE_SCHEMAS";

    #[test]
    fn the_shipped_schemas_are_those_of_the_types() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/schema");
        for (name, schema) in all() {
            let path = directory.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os(UPDATE).is_some() {
                std::fs::create_dir_all(&directory).unwrap();
                std::fs::write(&path, &text).unwrap();
            }

            let shipped = std::fs::read_to_string(&path).unwrap_or_default();

            assert!(shipped == text, "{name}.json is out of date: run the test again with {UPDATE}=1");
        }
    }
}
