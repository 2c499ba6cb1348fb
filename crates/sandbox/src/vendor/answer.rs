//! What a model says: the right answer or a plausible wrong one, in the form asked for or not.
//!
//! It is drawn from the prompt and the model's name: the same question gets the same answer.

use super::solver::{self, Solution};
use crate::random::{Draws, fingerprint};
use crate::settings::Model;

/// What is said to what is no task of the sandbox.
const UNKNOWN: &str = "I can only answer the tasks of the sandbox.";

/// Answers a prompt as the model would.
#[must_use]
pub fn answer(name: &str, model: &Model, system: &str, prompt: &str) -> String {
    let Some(solution) = solver::solve(prompt) else {
        return UNKNOWN.to_owned();
    };
    let mut draws = Draws::new(fingerprint(prompt), &format!("{name} answers"));
    let instructed = Instructed::by(system);
    let right = model.right.get(&solution.kind()).copied().unwrap_or(1.0);
    // A second look finds half of the mistakes.
    let right = if instructed.step_by_step { right + (1.0 - right) / 2.0 } else { right };
    let tidy = if instructed.exact_form { model.tidy_if_told } else { model.tidy };
    // Both are drawn in any case, so that an instruction changes nothing but what it is about.
    let (right, tidy) = (draws.chance(right), draws.chance(tidy));
    let text = if right { solution.right.clone() } else { solution.wrong.clone() };
    match (instructed.step_by_step, tidy) {
        (true, _) => format!("First I look at what is given, then I check it once more.\n\n{text}"),
        (false, true) => text,
        (false, false) => chatty(&solution, &text),
    }
}

/// What the system message asks for.
struct Instructed {
    exact_form: bool,
    step_by_step: bool,
}

impl Instructed {
    fn by(system: &str) -> Self {
        let system = system.to_lowercase();
        let asks = |phrases: &[&str]| phrases.iter().any(|phrase| system.contains(phrase));
        Self {
            exact_form: asks(&["exactly to the", "exact format", "answer only", "only the answer", "nothing else"]),
            step_by_step: asks(&["step by step"]),
        }
    }
}

/// Puts around an answer what nobody asked for.
fn chatty(solution: &Solution, text: &str) -> String {
    match solution.form {
        solver::Form::Json => format!("```json\n{text}\n```"),
        solver::Form::List => format!("Sorted alphabetically: {text}."),
        solver::Form::Summary => format!("Sure! Here is a summary:\n\n{text}"),
        solver::Form::Number(_) | solver::Form::Letter | solver::Form::Detail => format!("The answer is {text}."),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::Latency;
    use crate::task::{self, Kind, Mix, Task};

    const TOLD: &str = "Keep exactly to the output format that is asked for.";

    #[test]
    fn a_perfect_model_solves_every_task() {
        let perfect = model(1.0, 1.0);

        for seed in 0..40 {
            for number in 0..50 {
                let task = task::generate(seed, number, &every());
                let answer = answer("perfect", &perfect, "", &task.prompt);

                let judged = task.expected.judge(&answer);
                assert!(judged.correct == 1.0 && judged.format_ok, "{}\n{answer}", task.prompt);
            }
        }
    }

    #[test]
    fn a_model_without_manners_is_still_right() {
        let chatty = model(1.0, 0.0);

        for task in tasks(&every()) {
            let answer = answer("chatty", &chatty, "", &task.prompt);

            let judged = task.expected.judge(&answer);
            assert!(judged.correct == 1.0 && !judged.format_ok, "{}\n{answer}", task.prompt);
        }
    }

    #[test]
    fn a_model_that_is_always_wrong_never_gets_everything() {
        let wrong = model(0.0, 1.0);

        for task in tasks(&every()) {
            let answer = answer("wrong", &wrong, "", &task.prompt);

            let judged = task.expected.judge(&answer);
            assert!(judged.correct < 1.0 && judged.format_ok, "{}\n{answer}", task.prompt);
        }
    }

    #[test]
    fn models_are_right_as_often_as_configured() {
        for kind in Kind::ALL {
            let model = model(0.7, 1.0);
            let right = tasks(&Mix::from([(kind, 1)]))
                .filter(|task| task.expected.judge(&answer("m", &model, "", &task.prompt)).correct == 1.0)
                .count();

            assert!((1_320..1_480).contains(&right), "{kind}: {right} of 2000");
        }
    }

    #[test]
    fn asking_for_the_form_helps_the_form_only() {
        let model = Model { tidy: 0.5, tidy_if_told: 0.9, ..model(0.7, 0.0) };
        let judged = |system: &str| -> (usize, usize) {
            let judged: Vec<_> =
                tasks(&every()).map(|task| task.expected.judge(&answer("m", &model, system, &task.prompt))).collect();
            let right = judged.iter().filter(|judged| judged.correct == 1.0).count();
            (right, judged.iter().filter(|judged| judged.format_ok).count())
        };

        let (right, tidy) = judged("");
        let (right_if_told, tidy_if_told) = judged(TOLD);

        assert_eq!(right, right_if_told);
        assert!((920..1_080).contains(&tidy), "{tidy} of 2000");
        assert!((1_740..1_860).contains(&tidy_if_told), "{tidy_if_told} of 2000");
    }

    #[test]
    fn thinking_helps_the_answer() {
        let model = model(0.6, 1.0);
        let told = "Work the problem out step by step, then end with the answer.";

        let right = tasks(&Mix::from([(Kind::Arithmetic, 1)]))
            .filter(|task| task.expected.judge(&answer("m", &model, told, &task.prompt)).correct == 1.0)
            .count();

        assert!((1_540..1_660).contains(&right), "{right} of 2000");
    }

    #[test]
    fn the_same_question_gets_the_same_answer() {
        let model = model(0.5, 0.5);

        for task in tasks(&every()).take(200) {
            assert_eq!(answer("m", &model, "", &task.prompt), answer("m", &model, "", &task.prompt));
        }
    }

    #[test]
    fn other_questions_are_answered_too() {
        assert_eq!(answer("m", &model(1.0, 1.0), "", "Who are you?"), UNKNOWN);
    }

    fn tasks(mix: &Mix) -> impl Iterator<Item = Task> {
        (0..2_000).map(move |number| task::generate(11, number, mix))
    }

    fn every() -> Mix {
        Kind::ALL.into_iter().map(|kind| (kind, 1)).collect()
    }

    fn model(right: f64, tidy: f64) -> Model {
        let right: BTreeMap<_, _> = Kind::ALL.into_iter().map(|kind| (kind, right)).collect();
        let latency = Latency { median_ms: 0.0, spread: 0.0, per_token_ms: 0.0 };
        Model { latency, right, tidy, tidy_if_told: tidy }
    }
}
