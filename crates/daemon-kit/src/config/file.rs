//! Reads one configuration file: text, JSON, schema, type.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{ConfigError, File, Problem};
use super::key_path::KeyPath;
use super::{schema, validation};

/// Permission bits of the group and of others.
const FOREIGN: u32 = 0o077;

/// Reads a file of a directory.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read<T: DeserializeOwned + JsonSchema>(directory: &Path, file: File) -> Result<T, Vec<ConfigError>> {
    let text = fs::read_to_string(directory.join(file.name())).map_err(|error| {
        let absent = error.kind() == io::ErrorKind::NotFound;
        whole(file, if absent { Problem::Missing(file.name()) } else { Problem::Unreadable(error) })
    })?;
    parse(&text, file)
}

/// Reads a file that may be absent, and that nobody but this user may read or change.
///
/// # Errors
/// Everything that is wrong with it, if it is there.
pub(super) fn read_private<T: DeserializeOwned + JsonSchema>(
    directory: &Path,
    file: File,
) -> Result<Option<T>, Vec<ConfigError>> {
    let path = directory.join(file.name());
    let text = match fs::File::open(&path) {
        Ok(opened) => private_text(&path, opened).map_err(|problem| whole(file, problem))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(whole(file, Problem::Unreadable(error))),
    };
    parse(&text, file).map(Some)
}

/// Reads what was opened, whatever happens to the path meanwhile.
fn private_text(path: &Path, mut opened: fs::File) -> Result<String, Problem> {
    let metadata = opened.metadata().map_err(Problem::Unreadable)?;
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != own {
        return Err(Problem::Owner { path: path.into(), owner, own });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & FOREIGN != 0 {
        return Err(Problem::Loose { path: path.into(), mode });
    }
    let mut text = String::new();
    opened.read_to_string(&mut text).map_err(Problem::Unreadable)?;
    Ok(text)
}

fn parse<T: DeserializeOwned + JsonSchema>(text: &str, file: File) -> Result<T, Vec<ConfigError>> {
    let document: Value = serde_json::from_str(text).map_err(|error| whole(file, malformed(&error)))?;
    let findings = validation::validate(&schema::of::<T>(), &document);
    if !findings.is_empty() {
        return Err(findings.into_iter().map(|(key, problem)| ConfigError::new(file, key, problem)).collect());
    }
    // What a schema cannot say, such as the largest number of a type.
    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = KeyPath::of_segments(error.path()).into_string();
        vec![ConfigError::new(file, key, Problem::Value(error.inner().to_string()))]
    })
}

fn whole(file: File, problem: Problem) -> Vec<ConfigError> {
    vec![ConfigError::new(file, String::new(), problem)]
}

fn malformed(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // The place stands beside it.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
    Problem::Malformed { line: error.line(), column: error.column(), message }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use common::config::budget::TokenBudgets;
    use common::config::credential::LlmCredentials;

    use super::*;

    fn said(text: &str) -> Vec<String> {
        let errors = parse::<TokenBudgets>(text, File::TokenBudgets).unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn malformed_json_comes_with_its_place() {
        assert_eq!(
            said("{\n  \"version\": 1,\n  limits\n}"),
            ["config/token-budgets.json: not valid JSON at line 3, column 3: key must be a string"]
        );
    }

    #[test]
    fn what_only_the_type_knows_comes_with_its_key() {
        let text = r#"{"version": 1, "limits": [{"name": "a", "window": "day", "max_usd": 0.12345678901}]}"#;

        let said = said(text);

        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with("config/token-budgets.json: limits[0].max_usd: not an amount of dollars"),
            "{said:?}"
        );
    }

    #[test]
    fn an_absent_file_says_where_an_example_is() {
        let directory = tempfile::tempdir().unwrap();

        let errors = read::<TokenBudgets>(directory.path(), File::TokenBudgets).unwrap_err();

        assert_eq!(
            errors[0].to_string(),
            "config/token-budgets.json: there is no such file: copy config/examples/token-budgets.json and edit it"
        );
    }

    #[test]
    fn a_private_file_that_others_can_get_at_is_refused_with_the_fix() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("llm-credentials.json");
        fs::write(&path, r#"{"version": 1, "entries": {}}"#).unwrap();
        let read = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read_private::<LlmCredentials>(directory.path(), File::LlmCredentials)
        };

        for mode in [0o644, 0o640, 0o620, 0o602] {
            let errors = read(mode).unwrap_err();

            let expected = format!(
                "config/llm-credentials.json: is open to other users (mode {mode:04o}): run `chmod go= {}`",
                path.display()
            );
            assert_eq!(errors[0].to_string(), expected);
        }
        assert!(matches!(read(0o600), Ok(Some(_))));
        assert!(matches!(read(0o400), Ok(Some(_))));
    }

    #[test]
    fn a_private_file_may_be_absent() {
        let directory = tempfile::tempdir().unwrap();

        let absent = read_private::<LlmCredentials>(directory.path(), File::LlmCredentials);

        assert!(matches!(absent, Ok(None)));
    }
}
