//! Writing `llm-credentials.json`.

use std::path::Path;

use common::config::credential::LlmCredentials;

use crate::private_file::{self, FileError};

/// Writes the file at once or not at all, private to its owner.
///
/// # Errors
///
/// If the file cannot be written.
pub fn save(file: &LlmCredentials, path: &Path) -> Result<(), FileError> {
    let failed = |error: serde_json::Error| FileError::Io { path: path.into(), doing: "write", source: error.into() };
    let mut text = serde_json::to_vec_pretty(file).map_err(failed)?;
    text.push(b'\n');
    private_file::replace(path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_file::Origin;

    #[test]
    fn the_file_is_private_and_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("llm-credentials.json");
        let file: LlmCredentials =
            serde_json::from_str(r#"{"version": 1, "entries": {"openai": {"for": "task-handler", "age": "…"}}}"#)
                .unwrap();

        save(&file, &path).unwrap();

        let text = private_file::read(&path, Origin::Own).unwrap();
        assert_eq!(serde_json::from_slice::<LlmCredentials>(&text).unwrap(), file);
    }
}
