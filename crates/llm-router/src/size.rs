//! How long an answer may be.

use crate::conditions::ModelCondition;

/// The shortest answer that is worth asking for: with fewer tokens a thinking model is paid for silence.
pub const MIN_OUTPUT_TOKENS: u32 = 64;

/// The cap on the answer, or nothing if prompt and answer do not fit.
///
/// It is what the validator asked for, though at least [`MIN_OUTPUT_TOKENS`], within what the model and the profile
/// leave room for.
pub(crate) fn output_cap(
    max_tokens_per_task: u32,
    model: &ModelCondition,
    asked: Option<u32>,
    input_tokens: u64,
) -> Option<u32> {
    let most = input_tokens.saturating_add(model.max_output_tokens.into());
    let room = room(input_tokens, most.min(model.context_tokens).min(max_tokens_per_task.into()))?;
    let wanted = asked.unwrap_or(u32::MAX).max(MIN_OUTPUT_TOKENS);
    Some(room.min(wanted))
}

/// What is left of `total` after the prompt, or nothing if that is too little for an answer.
pub(crate) fn room(input_tokens: u64, total: u64) -> Option<u32> {
    let room = u32::try_from(total.checked_sub(input_tokens)?).unwrap_or(u32::MAX);
    (room >= MIN_OUTPUT_TOKENS).then_some(room)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ModelReadiness;

    fn model(context_tokens: u64, max_output_tokens: u32) -> ModelCondition {
        ModelCondition {
            model: "a/b".to_owned().try_into().unwrap(),
            state: ModelReadiness::Ready,
            context_tokens,
            max_output_tokens,
            min_time: Duration::ZERO,
        }
    }

    #[test]
    fn the_smallest_of_profile_context_model_and_ask_is_the_cap() {
        let cases = [
            (1_000, model(10_000, 5_000), None, Some(900)),
            (20_000, model(10_000, 50_000), None, Some(9_900)),
            (20_000, model(10_000, 500), None, Some(500)),
            (20_000, model(10_000, 500), Some(200), Some(200)),
            (20_000, model(10_000, 500), Some(1), Some(MIN_OUTPUT_TOKENS)),
            (20_000, model(10_000, 63), None, None),
            (163, model(10_000, 500), None, None),
            (99, model(10_000, 500), None, None),
        ];

        for (per_task, model, asked, expected) in cases {
            assert_eq!(output_cap(per_task, &model, asked, 100), expected, "{per_task} {model:?} {asked:?}");
        }
    }
}
