//! The documents hold what they promise: keys, commands and files that they name exist, and none is forgotten.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::binary;
use serde_json::Value;

#[test]
fn every_key_of_every_schema_is_in_the_section_of_its_file() {
    let document = read("CONFIG.md");
    for entry in fs::read_dir(root().join("config/schema")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (_, section) = document.split_once(&format!("\n## {name}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let words: BTreeSet<_> = code(section).into_iter().flat_map(words).collect();
        let schema = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();

        let missing: Vec<_> = keys(&schema).into_iter().filter(|key| !words.contains(key)).collect();

        assert!(missing.is_empty(), "CONFIG.md says nothing of {missing:?} under {name}");
    }
}

#[test]
fn every_command_that_a_document_names_exists() {
    let commands = commands();
    for (document, text) in documents() {
        for named in code(&text).into_iter().filter_map(named_command) {
            let [first, second] = [named.first(), named.get(1)];
            let Some(first) = first else { continue };
            let below = commands.get(first);
            assert!(below.is_some(), "{document} names minerctl {first}, which there is not");
            let is_known = |second: &String| below.is_none_or(|below| below.is_empty() || below.contains(second));
            assert!(second.is_none_or(is_known), "{document} names minerctl {named:?}, which there is not");
        }
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let named: BTreeSet<_> = code(&read("README.md")).into_iter().filter_map(named_command).collect();

    for (command, below) in commands() {
        let whole: Vec<_> = below.iter().map(|second| vec![command.clone(), second.clone()]).collect();
        let whole = if whole.is_empty() { vec![vec![command]] } else { whole };
        for command in whole {
            let is_named = named.iter().any(|named| named.starts_with(&command));
            assert!(is_named, "README.md says nothing of minerctl {}", command.join(" "));
        }
    }
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for (document, text) in documents() {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '#']).next());
        for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
            let path = root().join(&document).with_file_name(target);
            assert!(path.exists(), "{document} links to {target}, which there is not");
        }
    }
}

#[test]
fn every_script_that_a_document_names_exists() {
    for (document, text) in documents() {
        for word in code(&text).into_iter().flat_map(str::split_whitespace) {
            let Some((_, script)) = word.split_once("scripts/") else { continue };
            let exists = script.is_empty() || root().join("scripts").join(script).exists();
            assert!(exists, "{document} names scripts/{script}, which there is not");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap()
}

/// All documents for people, by their path.
fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for directory in ["", "docs/"] {
        for entry in fs::read_dir(root().join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                let path = format!("{directory}{name}");
                let text = read(&path);
                found.push((path, text));
            }
        }
    }
    found
}

/// What stands in backquotes, and each line of the blocks between fences.
fn code(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 1 {
            found.extend(part.lines());
        } else {
            found.extend(part.split('`').skip(1).step_by(2));
        }
    }
    found
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
}

/// The words of a command line such as `$ target/release/minerctl --json credentials set NAME`: here `credentials set`.
fn named_command(code: &str) -> Option<Vec<String>> {
    let code = code.trim_start_matches("$ ");
    let (program, rest) = code.split_once(' ')?;
    if Path::new(program).file_name()? != "minerctl" {
        return None;
    }
    let words = rest.split_whitespace().filter(|word| !word.starts_with('-'));
    let is_command = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    Some(words.take_while(is_command).map(str::to_owned).collect())
}

/// Every key that an object of the schema can have.
fn keys(schema: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                if let Some(Value::Object(properties)) = object.get("properties") {
                    found.extend(properties.keys().map(String::as_str));
                }
                waiting.extend(object.values());
            }
            Value::Array(array) => waiting.extend(array),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// The operator's commands as the help has them, each with those below it.
fn commands() -> BTreeMap<String, BTreeSet<String>> {
    listed(&[]).into_iter().map(|command| (command.clone(), listed(&[&command]))).collect()
}

fn listed(command: &[&str]) -> BTreeSet<String> {
    let output = Command::new(binary("minerctl")).arg("help").args(command).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return BTreeSet::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}
