//! `minerctl replay`: how the learner, and others, would have fared on a table of outcomes.

mod arguments;
mod classes;
mod columns;
mod file;
mod render;

use std::process::ExitCode;

use anyhow::Context;
use learning::replay::comparison::{Seeds, compare};
use learning::replay::optimum::optimum;
use learning::replay::run::{Epochs, Mode, Plan, Policy};
use learning::settings::Settings;

use arguments::Feedback;
pub(crate) use arguments::ReplayArgs;
use file::Reading;
use render::Replayed;

use crate::cli::CommonArgs;
use crate::output;

/// The fewest prompts of a replay with immediate feedback; smaller tables are gone through several times.
const FEWEST_PROMPTS: usize = 3000;

/// Runs the command.
///
/// # Errors
/// If the file is no table of outcomes, an argument does not fit it, or the output cannot be written.
pub(crate) fn run(common: &CommonArgs, args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let reading = Reading {
        class_column: args.class_column.clone(),
        prices: args.prices.iter().map(|price| (price.arm.clone(), (price.input, price.output))).collect(),
        skip_bad_rows: args.skip_bad_rows,
    };
    let file = file::read(&args.file, &reading).with_context(|| args.file.display().to_string())?;
    for error in &file.skipped {
        output::note(&format!("left out: {error}"));
    }
    if file.skipped_rows > file.skipped.len() {
        output::note(&format!("left out {} rows in all", file.skipped_rows));
    }

    let table = &file.table;
    let mode = match args.feedback {
        Feedback::Immediate => {
            let passes = args.passes.map_or(FEWEST_PROMPTS.div_ceil(table.rows.len()), |passes| passes.get().into());
            Mode::Immediate(passes * table.rows.len())
        }
        Feedback::Epoch => Mode::Epochs(Epochs {
            epochs: args.epochs.get().into(),
            requests: args.requests.get().into(),
            validators: args.validators.get().into(),
        }),
    };
    let prompts = mode.prompts();
    let budget = args.budget.as_ref().map(|budget| budget.of(table, prompts)).transpose()?;
    let plan = Plan {
        mode,
        budget,
        drift: args.drift,
        declined: args.declined,
        seed: args.first_seed,
        settings: Settings::default(),
    };
    let best = budget.map(|budget| optimum(table, budget / prompts as f64, args.declined));
    let seeds = Seeds { first: args.first_seed, count: args.seeds.get().into() };
    // Nobody knows the best mixture for a world that changes.
    let reference = best.filter(|_| !args.drift);
    let summaries = compare(table, &plan, seeds, reference, &Policy::ALL);
    let replayed = Replayed { file: &file, plan: &plan, seeds, prompts, optimum: reference, summaries };
    if common.json {
        output::json(&replayed.json())?;
    } else {
        output::text(&replayed.text())?;
    }
    Ok(ExitCode::SUCCESS)
}
