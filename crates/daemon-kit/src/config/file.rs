//! Reads one configuration file.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::{ConfigError, Problem};

pub(super) fn read<T: DeserializeOwned>(directory: &Path, name: &'static str) -> Result<T, Vec<ConfigError>> {
    let wrong = |problem| vec![ConfigError { file: format!("config/{name}"), key: String::new(), problem }];
    let text = fs::read_to_string(directory.join(name)).map_err(|error| {
        let absent = error.kind() == io::ErrorKind::NotFound;
        wrong(if absent { Problem::Missing(name) } else { Problem::Unreadable(error) })
    })?;
    serde_json::from_str(&text).map_err(|error| {
        wrong(Problem::Malformed { line: error.line(), column: error.column(), message: error.to_string() })
    })
}
