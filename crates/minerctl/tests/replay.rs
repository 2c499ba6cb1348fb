//! `minerctl replay`, as an operator calls it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A table in which arm `good` is right four times out of five and `cheap` three times, at a tenth of the price.
fn table(directory: &Path, change: impl Fn(usize, String) -> String) -> PathBuf {
    let mut text = String::from(
        "id,topic,prompt,prompt_tokens,cheap.reward,cheap.out_tokens,cheap.cost_usd,good.reward,good.out_tokens,good.cost_usd\n",
    );
    for n in 0..200 {
        let (cheap, good) = (u8::from(n % 5 < 3), u8::from(n % 5 != 4));
        let topic = if n % 2 == 0 { "sums" } else { "facts" };
        let row = format!("{n},{topic},\"What,\nis {n}?\",100,{cheap},20,0.0001,{good},20,0.001");
        writeln!(text, "{}", change(n, row)).unwrap();
    }
    let path = directory.join("table.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn replay(file: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_minerctl")).arg("replay").arg(file).args(args).output().unwrap()
}

fn data(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn reward(data: &Value, policy: &str) -> f64 {
    let policies = data["policies"].as_array().unwrap();
    policies.iter().find(|one| one["policy"] == policy).unwrap()["reward"]["mean"].as_f64().unwrap()
}

#[test]
fn a_table_is_replayed_with_every_policy_beside_the_learner() {
    let directory = tempfile::tempdir().unwrap();
    let file = table(directory.path(), |_, row| row);

    let data = data(&replay(&file, &["--json", "--feedback", "epoch", "--epochs", "60", "--seeds", "2"]));

    assert_eq!((data["schema"].as_u64(), data["prompts"].as_u64()), (Some(1), Some(60 * 72)));
    assert_eq!((data["class_column"].as_str(), data["cost_unit"].as_str()), (Some("topic"), Some("USD")));
    assert_eq!(data["policies"].as_array().unwrap().len(), 12);
    assert!(reward(&data, "learner") > reward(&data, "random"));
    assert!((reward(&data, "best_single") - 0.8).abs() < 0.01, "{data}");
}

#[test]
fn the_same_seeds_give_the_same_data() {
    let directory = tempfile::tempdir().unwrap();
    let file = table(directory.path(), |_, row| row);
    let run = |first: &str| replay(&file, &["--json", "--passes", "2", "--seeds", "1", "--first-seed", first]).stdout;

    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}

#[test]
fn a_budget_is_told_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = table(directory.path(), |_, row| row);

    let data = data(&replay(&file, &["--json", "--budget", "40%:good", "--seeds", "2"]));

    let budget = data["budget"].as_f64().unwrap();
    assert!((budget - 0.4 * 0.001 * 3000.0).abs() < 1e-9, "{budget}");
    for policy in data["policies"].as_array().unwrap() {
        assert!(policy["spent"]["mean"].as_f64().unwrap() <= budget, "{policy}");
    }
    assert!(reward(&data, "learner") > 0.95 * data["optimum"].as_f64().unwrap(), "{data}");
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_line_and_column() {
    let directory = tempfile::tempdir().unwrap();
    let file = table(directory.path(), |n, row| if n == 3 { row.replace(",20,0.001", ",20,NaN") } else { row });

    let refused = replay(&file, &[]);
    let lenient = replay(&file, &["--json", "--skip-bad-rows", "--passes", "1", "--seeds", "1"]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("line 8, column `good.cost_usd`: NaN is no finite number"), "{words}");
    assert_eq!(data(&lenient)["rows_left_out"], 1);
}

#[test]
fn arguments_that_do_not_fit_the_file_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = table(directory.path(), |_, row| row);
    let cases: [(&[&str], &str); 4] = [
        (&["--budget", "10%:best"], "there is no arm `best`"),
        (&["--price", "best=1:2"], "there is no arm `best`"),
        (&["--class-column", "colour"], "there is no column `colour`"),
        (&["--budget", "none"], "an amount such as 2.5"),
    ];

    for (args, problem) in cases {
        let output = replay(&file, args);
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && words.contains(problem), "{args:?}: {words}");
    }
    let missing = replay(&directory.path().join("none.csv"), &[]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("cannot read the file"));
}
