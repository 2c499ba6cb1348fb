//! Reading and writing `llm-credentials.json`.

use std::path::Path;

use common::config::credential::LlmCredentials;

use crate::private_file::{self, FileError, Origin};

/// Reads the file as it is to be changed; without one there are no entries.
///
/// # Errors
///
/// If others can read or write it, it belongs to somebody else, or it is not of this form.
pub fn load(path: &Path) -> Result<LlmCredentials, FileError> {
    let text = match private_file::read(path, Origin::Own) {
        Ok(text) => text,
        Err(FileError::Missing { .. }) => return Ok(LlmCredentials { version: 1, entries: Default::default() }),
        Err(error) => return Err(error),
    };
    serde_json::from_slice(&text).map_err(|error| FileError::Io {
        path: path.into(),
        doing: "read",
        source: error.into(),
    })
}

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
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("llm-credentials.json");

        save(&some_file(), &path).unwrap();

        assert_eq!(load(&path).unwrap(), some_file());
    }

    #[test]
    fn without_a_file_there_are_no_entries() {
        let directory = tempfile::tempdir().unwrap();

        let file = load(&directory.path().join("llm-credentials.json")).unwrap();

        assert!(file.entries.is_empty());
    }

    #[test]
    fn a_file_that_is_open_to_others_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("llm-credentials.json");
        save(&some_file(), &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();

        let error = load(&path).unwrap_err();

        assert!(matches!(error, FileError::Mode { mode: 0o644, .. }), "{error}");
    }

    fn some_file() -> LlmCredentials {
        serde_json::from_str(r#"{"version": 1, "entries": {"openai": {"for": "task-handler", "age": "…"}}}"#).unwrap()
    }
}
