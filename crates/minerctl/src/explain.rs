//! `minerctl explain`: why a task was answered the way it was.

use std::process::ExitCode;

use anyhow::Context;
use common::call::task::{ExplainTask, TaskCall};
use common::decision::{ArmRole, Candidate, DecisionOutcome, Explanation, Gate, PlannedArm};
use common::id::TaskId;
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Home, Workers};
use serde_json::json;

use crate::cli::CommonArgs;
use crate::output::{self, printable};
use crate::status::PATIENCE;

/// Runs the command. What was decided then and what is decided again must be the same; if not, that is a failure.
///
/// # Errors
/// If task-handler does not answer, does not know the task, or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, task: TaskId) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let workers = Workers::new();
    let client: Client<TaskCall> = ipc::connect(&home.socket("task-handler"), "task-handler", &workers).await?;
    let explanation =
        client.call(ExplainTask { task }, PATIENCE).await.context("task-handler cannot explain the task")?;
    if common.json {
        output::json(&json!({ "schema": 1, "explanation": explanation }))?;
    } else {
        output::text(&render(&explanation))?;
    }
    Ok(if explanation.again == explanation.decided { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn render(explanation: &Explanation) -> String {
    let Explanation { revision, seed, epoch, facts, gates, draw, candidates, decided, again } = explanation;
    let mut text = format!(
        "Task {} of {} in subnet {}\n\
         Class {} ({:.0} % sure), revision {revision}, seed {seed}, epoch {epoch}\n\nGates\n",
        facts.task,
        facts.caller,
        facts.netuid,
        facts.class,
        100.0 * facts.confidence,
    );
    text.push_str(&output::table(&gates.iter().map(gate).collect::<Vec<_>>()));
    if let Some(draw) = draw {
        text.push_str(&format!(
            "\nDraw\n  point {:.4} in the table for {}: arm {}\n",
            draw.point, draw.table, draw.arm
        ));
        let share = format!("{:.4}, canaries are under {}", draw.canary_point, draw.canary_share);
        text.push_str(&match draw.canary {
            Some(arm) => format!("  canary point {share}: arm {arm} instead\n"),
            None => format!("  canary point {share}: no canary\n"),
        });
    }
    text.push_str("\nArms\n");
    text.push_str(&output::table(&arms(candidates)));
    text.push_str("\nDecided\n");
    text.push_str(&output::table(&outcome(decided, candidates)));
    if again != decided {
        text.push_str("\nDecided now, which should be the same and is not\n");
        text.push_str(&output::table(&outcome(again, candidates)));
    }
    text
}

fn gate(gate: &Gate) -> Vec<String> {
    let state = if gate.open { "open" } else { "CLOSED" };
    vec![gate.name.clone(), state.into(), printable(&gate.detail)]
}

fn arms(candidates: &[Candidate]) -> Vec<Vec<String>> {
    let heading = ["", "ARM", "SHARE", "MAX TOKENS", "VERDICT"].map(str::to_owned).to_vec();
    let row = |(index, candidate): (usize, &Candidate)| {
        let max_tokens = candidate.max_tokens.map_or_else(|| "-".to_owned(), |tokens| tokens.to_string());
        let share = format!("{:.1} %", 100.0 * candidate.share);
        vec![index.to_string(), printable(&candidate.arm), share, max_tokens, printable(&candidate.verdict)]
    };
    [heading].into_iter().chain(candidates.iter().enumerate().map(row)).collect()
}

fn outcome(outcome: &DecisionOutcome, candidates: &[Candidate]) -> Vec<Vec<String>> {
    match outcome {
        DecisionOutcome::Declined(reason) => vec![vec!["declined".into(), reason.name().into()]],
        DecisionOutcome::Planned(planned) => planned.iter().map(|arm| plan(arm, candidates)).collect(),
    }
}

fn plan(planned: &PlannedArm, candidates: &[Candidate]) -> Vec<String> {
    let PlannedArm { arm, role, effort, strategy, max_output_tokens } = planned;
    let name = candidates.get(usize::from(*arm)).map_or_else(|| arm.to_string(), |known| printable(&known.arm));
    let role = match role {
        ArmRole::Drawn => "drawn",
        ArmRole::Canary => "canary",
        ArmRole::Fallback => "if that fails",
    };
    let effort = effort.map_or("as configured", common::config::miner::Effort::name);
    vec![
        role.into(),
        name,
        format!("asked the {} way", printable(strategy.as_str())),
        format!("effort {effort}"),
        format!("at most {max_output_tokens} tokens"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of docs/IPC.md.
    fn example() -> Explanation {
        let document = include_str!("../../../docs/IPC.md");
        let (_, after) = document.split_once("#### ExplainTask reply\n```json\n").unwrap();
        let (json, _) = after.split_once("\n```").unwrap();
        let frame: serde_json::Value = serde_json::from_str(json).unwrap();
        serde_json::from_value(frame["response"]["reply"]["ok"].clone()).unwrap()
    }

    #[test]
    fn gates_draw_arms_and_outcome_are_told() {
        let text = render(&example());

        for words in [
            "in subnet 18",
            "Class question (63 % sure), revision 12",
            "worth",
            "in the table for any validator, any class: arm ",
            "openai/gpt-6-luna low direct",
            "can be tried",
            "drawn",
        ] {
            assert!(text.contains(words), "{words} is missing:\n{text}");
        }
        assert!(!text.contains("which should be the same"));
    }

    #[test]
    fn a_decision_that_comes_out_another_way_is_told() {
        let again = DecisionOutcome::Declined(common::outcome::DeclineReason::Worth);

        let text = render(&Explanation { again, ..example() });

        assert!(text.ends_with("which should be the same and is not\n  declined  worth\n"), "{text}");
    }

    #[test]
    fn hostile_names_do_not_reach_the_terminal() {
        let mut example = example();
        example.candidates[0].arm = "v/\u{1b}[31mred".into();

        assert!(!render(&example).contains('\u{1b}'));
    }
}
