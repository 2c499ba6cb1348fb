//! A decision can be made again from what is kept of it.

use std::time::Duration;

use common::decision::{DecisionFacts, DecisionOutcome, ModelReadiness};
use common::strategy::TaskClass;
use llm_router::{Policy, explain};
use proptest::prelude::*;

use crate::setting::{any_class, any_model, arm, bound, conditions, decided, model, profile, profiles, revision, task};

#[test]
fn an_explanation_names_gates_draw_and_candidates() {
    let revision =
        revision(vec![arm("v/a", "direct"), arm("v/b", "critic"), arm("v/b", "magic")], &[0.7, 0.3, 0.0], 11);
    let policy = Policy::new(revision, &profiles(profile(&["v/a", "v/b"], &["direct"])), bound).unwrap();
    let mut conditions = conditions(vec![model("v/a"), model("v/b")]);
    conditions.models[0].state = ModelReadiness::Benched;
    let decided = decided(&policy, conditions, &task(1, "hello"), TaskClass::Code);

    let explanation = explain(policy.revision(), decided.facts, decided.outcome).unwrap();

    assert_eq!((explanation.revision, explanation.seed, explanation.epoch), (3, 11, 5));
    let gates: Vec<_> = explanation.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(gates, ["paused", "profile", "participation", "worth", "budget", "no_model", "breaker", "deadline"]);
    assert!(explanation.gates.iter().all(|gate| gate.open));
    let draw = explanation.draw.unwrap();
    assert_eq!(draw.table, "any validator, any class");
    assert_eq!(draw.arm, u16::from(draw.point >= 0.7));
    let verdicts: Vec<_> = explanation.candidates.iter().map(|candidate| candidate.verdict.as_str()).collect();
    assert_eq!(verdicts, ["the model is benched after failures", "can be tried", "strategy magic is not known"]);
    assert_eq!(explanation.again, explanation.decided);
}

#[test]
fn a_closed_gate_ends_the_explanation() {
    let revision = revision(vec![arm("v/a", "direct")], &[1.0], 11);
    let policy = Policy::new(revision, &profiles(profile(&["v/a"], &["direct"])), bound).unwrap();
    let mut conditions = conditions(vec![model("v/a")]);
    conditions.paused = true;
    let decided = decided(&policy, conditions, &task(1, "hello"), TaskClass::Code);

    let explanation = explain(policy.revision(), decided.facts, decided.outcome).unwrap();

    assert_eq!(explanation.gates.len(), 1);
    assert_eq!((explanation.gates[0].open, explanation.gates[0].detail.as_str()), (false, "answering is paused"));
    assert_eq!(explanation.draw, None);
    assert_eq!(explanation.again, DecisionOutcome::Declined(common::outcome::DeclineReason::Paused));
}

proptest! {
    #[test]
    fn what_is_kept_decides_the_same_again(
        first in any_model("v/a"),
        second in any_model("v/b"),
        class in any_class(),
        seed in any::<u64>(),
        number in 0_u64..1_000_000,
        rate in prop_oneof![Just(1.0), 0.0..=1.0],
        remaining_ms in 0_u64..9_000,
        strategy in proptest::sample::select(vec!["exact_format", "critic", "self_consistency", "few_shot"]),
    ) {
        let revision = common::strategy::Revision {
            canary_share: 0.02,
            ..revision(vec![arm("v/a", strategy), arm("v/b", strategy), arm("v/b", "direct")], &[0.2, 0.5, 0.3], seed)
        };
        let mut profile = profile(&["v/a", "v/b"], &["direct"]);
        profile.participation_rate = rate;
        let policy = Policy::new(revision, &profiles(profile), bound).unwrap();
        let mut conditions = conditions(vec![first, second]);
        conditions.remaining = Duration::from_millis(remaining_ms);
        let decided = decided(&policy, conditions, &task(number, "hello"), class);

        // Through the text in which it is kept.
        let kept = serde_json::to_string(&(&decided.facts, &decided.outcome, policy.revision())).unwrap();
        let (facts, outcome, revision): (DecisionFacts, DecisionOutcome, _) = serde_json::from_str(&kept).unwrap();
        let explanation = explain(&revision, facts, outcome).unwrap();

        prop_assert_eq!(&explanation.again, &decided.outcome);
        prop_assert_eq!(&explanation.decided, &decided.outcome);
    }
}
