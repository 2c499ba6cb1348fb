//! What a replay came to, for people and as data.

use learning::replay::comparison::{Changes, Seeds, Spread, Summary};
use learning::replay::run::{Mode, Plan};
use learning::replay::table::Unit;
use serde_json::{Value, json};

use super::file::TableFile;
use crate::output::{self, printable};

/// A finished replay.
pub(crate) struct Replayed<'a> {
    /// The table.
    pub(crate) file: &'a TableFile,
    /// How it was replayed.
    pub(crate) plan: &'a Plan,
    /// The runs.
    pub(crate) seeds: Seeds,
    /// Prompts in each.
    pub(crate) prompts: usize,
    /// The most that could be earned per prompt under the budget.
    pub(crate) optimum: Option<f64>,
    /// What each policy came to.
    pub(crate) summaries: Vec<Summary>,
}

impl Replayed<'_> {
    /// Returns the data.
    pub(crate) fn json(&self) -> Value {
        let table = &self.file.table;
        let feedback = match self.plan.mode {
            Mode::Immediate(_) => json!({ "kind": "immediate" }),
            Mode::Epochs(epochs) => json!({
                "kind": "epoch",
                "epochs": epochs.epochs,
                "requests": epochs.requests,
                "validators": epochs.validators,
            }),
        };
        json!({
            "schema": 1,
            "rows": table.rows.len(),
            "rows_left_out": self.file.skipped_rows,
            "arms": table.arms,
            "class_column": self.file.class_column,
            "classes": table.classes,
            "cost_unit": unit(table.unit),
            "feedback": feedback,
            "prompts": self.prompts,
            "first_seed": self.seeds.first,
            "seeds": self.seeds.count,
            "drift": self.plan.drift,
            "budget": self.plan.budget,
            "optimum": self.optimum,
            // Whatever breaks a budget ends the replay.
            "overspent_runs": 0,
            "policies": self.summaries,
        })
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> String {
        let table = &self.file.table;
        let column = self.file.class_column.as_deref().map_or("no column".into(), printable);
        let mut text = format!(
            "{} prompts of {} rows, {} arms, {} classes (of {column}), {} runs\n",
            self.prompts,
            table.rows.len(),
            table.arms.len(),
            table.classes.len(),
            self.seeds.count,
        );
        if let Some(budget) = self.plan.budget {
            text.push_str(&format!("budget {budget:.4} {} a run, never exceeded", unit(table.unit)));
            let optimum = self.optimum.map(|optimum| format!("; at most {optimum:.4} a prompt can be earned with it"));
            text.push_str(&optimum.unwrap_or_default());
            text.push('\n');
        }
        text.push('\n');
        let heading = ["POLICY", "REWARD", "+-", "LAST FIFTH", "REGRET", "+-", "OF BEST", "COST/1000", "DECLINED"];
        let rows: Vec<Vec<String>> =
            std::iter::once(heading.map(str::to_owned).to_vec()).chain(self.summaries.iter().map(row)).collect();
        text.push_str(&output::table(&rows));
        if let Some(changes) = self.summaries.iter().find_map(|summary| summary.changes.as_ref()) {
            text.push('\n');
            text.push_str(&noticed(changes, self.plan.drift));
        }
        text
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Usd => "USD",
        Unit::Tokens => "tokens",
        Unit::Unknown => "unknown",
    }
}

fn row(summary: &Summary) -> Vec<String> {
    let four = |spread: Spread| [format!("{:.4}", spread.mean), format!("{:.4}", spread.sd)];
    let [reward, reward_sd] = four(summary.reward);
    vec![
        summary.policy.name().to_owned(),
        reward,
        reward_sd,
        format!("{:.4}", summary.late_reward.mean),
        format!("{:.1}", summary.regret.mean),
        format!("{:.1}", summary.regret.sd),
        format!("{:.1}%", 100.0 * summary.part_of_reference),
        format!("{:.4}", summary.cost_per_1000.mean),
        format!("{:.1}%", 100.0 * summary.declined),
    ]
}

/// Says what the learner noticed of changes.
fn noticed(changes: &Changes, drift: bool) -> String {
    let mut text = String::new();
    if drift {
        let runs = changes.noticed_after.len();
        let mut after: Vec<usize> = changes.noticed_after.iter().flatten().copied().collect();
        after.sort_unstable();
        let median = after.get(after.len() / 2).map_or("never".into(), |median| format!("{median} epochs"));
        let longest = after.last().map_or(String::new(), |longest| format!(", at most {longest}"));
        text.push_str(&format!("change noticed in {} of {runs} runs, after {median}{longest}; ", after.len()));
    }
    text.push_str(&format!("false alarms: {:.2} a run\n", changes.false_per_run));
    text
}
