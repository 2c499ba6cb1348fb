//! P12: there is one way to a vendor, it needs a reservation, and no setting of the budget is ignored.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use common::config::budget::TokenBudgets;
use serde_json::{Value, json};

#[test]
fn p12_a_key_that_is_not_known_is_refused_wherever_it_stands() {
    let good = json!({
        "version": 1,
        "limits": [{
            "name": "day",
            "scope": { "vendor": "openai", "key": "main" },
            "window": "day",
            "max_usd": 1,
            "of_earnings": { "percent": 40 },
        }],
        "prices": { "m": { "input_usd": 1, "output_usd": 1 } },
    });
    assert!(parse(&good).is_ok());

    for place in ["", "/limits/0", "/limits/0/scope", "/limits/0/of_earnings", "/prices/m"] {
        let mut wrong = good.clone();
        wrong.pointer_mut(place).unwrap()["max_tokns"] = json!(1);

        let error = parse(&wrong).unwrap_err();

        assert!(error.to_string().contains("unknown field `max_tokns`"), "{place}: {error}");
    }
}

#[test]
fn p12_only_one_file_sends_requests_and_only_the_ledger_permits_them() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();

    assert_eq!(files_with(&crates.join("llm/src"), &[".execute(", ".send().await"]), ["exchange.rs"]);
    assert_eq!(files_with(&crates.join("task-handler/src"), &["issuer.permit("]), ["ledger.rs"]);
}

#[test]
fn p12_nothing_else_in_task_handler_could_reach_a_vendor() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();

    for client in ["reqwest", "hyper", "ureq", "isahc", "curl"] {
        assert!(!dependencies.contains(client), "task-handler has an HTTP client of its own: {client}");
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert!(files_with(&src, &["TcpStream", "TcpSocket"]).is_empty());
}

fn parse(budgets: &Value) -> Result<TokenBudgets, serde_json::Error> {
    serde_json::from_value(budgets.clone())
}

/// Returns the names of the source files that contain any of the words, tests left out.
fn files_with(directory: &Path, words: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = sources(directory)
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            words.iter().any(|word| code.contains(word))
        })
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories.iter().filter(|path| !path.ends_with("tests")).flat_map(|path| sources(path));
    files.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")).chain(below).collect()
}
