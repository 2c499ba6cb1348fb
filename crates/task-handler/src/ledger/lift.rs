//! Models that used more than was reserved: from then on more is reserved for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::call::task::{Lift, Lifted};
use common::config::subnet::ModelRef;
use common::usage::TokenUsage;
use llm::WorstCase;
use rusqlite::{Connection, params};

/// What is usual.
const USUAL: u32 = 1000;
/// The most: one absurd count must not put a model out of reach for good.
const MOST: u32 = 64_000;

/// The lifts of all models. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifts(Arc<Mutex<BTreeMap<ModelRef, Lift>>>);

impl Lifts {
    /// Reads the lifts of earlier processes.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT * FROM lift")?;
        let rows = statement.query_map([], |row| {
            let (vendor, model) = (row.get_ref("vendor")?.as_str()?.into(), row.get_ref("model")?.as_str()?.into());
            let lift =
                Lift { input_permille: row.get("input_permille")?, output_permille: row.get("output_permille")? };
            Ok((ModelRef { vendor, model }, lift))
        })?;
        Ok(Self(Arc::new(Mutex::new(rows.collect::<rusqlite::Result<_>>()?))))
    }

    /// Returns how much more than usual is reserved for a model.
    pub(super) fn of(&self, model: &ModelRef) -> Lift {
        self.lock().get(model).copied().unwrap_or(usual())
    }

    /// Reserves more for a model from now on; never less than before.
    pub(super) fn raise(&self, model: &ModelRef, to: Lift) {
        let mut lifts = self.lock();
        let lift = lifts.entry(model.clone()).or_insert(usual());
        *lift = higher(*lift, to);
    }

    /// Returns all that were lifted.
    pub(super) fn list(&self) -> Vec<Lifted> {
        let lifted = |(model, lift): (&ModelRef, &Lift)| Lifted {
            vendor: model.vendor.clone(),
            model: model.model.clone(),
            lift: *lift,
        };
        self.lock().iter().map(lifted).collect()
    }

    /// The map is whole after every change.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ModelRef, Lift>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a lift down, where it is higher than before.
pub(super) fn write(connection: &Connection, model: &ModelRef, lift: Lift) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO lift (vendor, model, input_permille, output_permille) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET input_permille = max(input_permille, excluded.input_permille), \
         output_permille = max(output_permille, excluded.output_permille)",
        params![model.vendor.as_str(), model.model.as_str(), lift.input_permille, lift.output_permille],
    )?;
    Ok(())
}

/// Nothing more than usual.
pub(super) fn usual() -> Lift {
    Lift { input_permille: USUAL, output_permille: USUAL }
}

/// Returns what is reserved where the bound is `worst`.
pub(super) fn lifted(worst: WorstCase, lift: Lift) -> WorstCase {
    let times = |tokens: u64, permille: u32| {
        let exact = u128::from(tokens) * u128::from(permille.max(USUAL));
        u64::try_from(exact.div_ceil(u128::from(USUAL))).unwrap_or(u64::MAX)
    };
    WorstCase {
        input_tokens: times(worst.input_tokens, lift.input_permille),
        output_tokens: u32::try_from(times(worst.output_tokens.into(), lift.output_permille)).unwrap_or(u32::MAX),
    }
}

/// Returns the lift with which `usage` would have been reserved in full, if `lift` was too little.
pub(super) fn needed(worst: WorstCase, lift: Lift, usage: TokenUsage) -> Option<Lift> {
    let permille = |used: u64, bound: u64| {
        let exact = (u128::from(used) * u128::from(USUAL)).div_ceil(u128::from(bound.max(1)));
        u32::try_from(exact).unwrap_or(MOST).clamp(USUAL, MOST)
    };
    let input = usage.total().saturating_sub(usage.output);
    let reserved = lifted(worst, lift);
    if input <= reserved.input_tokens && usage.output <= reserved.output_tokens.into() {
        return None;
    }
    let enough = Lift {
        input_permille: permille(input, worst.input_tokens),
        output_permille: permille(usage.output, worst.output_tokens.into()),
    };
    let wanted = higher(lift, enough);
    (wanted != lift).then_some(wanted)
}

fn higher(left: Lift, right: Lift) -> Lift {
    Lift {
        input_permille: left.input_permille.max(right.input_permille),
        output_permille: left.output_permille.max(right.output_permille),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn p19_what_was_used_once_is_reserved_the_next_time(
            bound in (1_u64..100_000, 1_u32..100_000),
            used in (0_u64..200_000, 0_u64..200_000),
        ) {
            let worst = WorstCase { input_tokens: bound.0, output_tokens: bound.1 };
            let usage = TokenUsage { input_cache_read: used.0, output: used.1, ..TokenUsage::default() };

            let lift = needed(worst, usual(), usage).unwrap_or(usual());

            let next = lifted(worst, lift);
            let is_within_reason = used.0 <= bound.0 * 64 && used.1 <= u64::from(bound.1) * 64;
            prop_assert!(!is_within_reason || (next.input_tokens >= used.0 && u64::from(next.output_tokens) >= used.1));
            prop_assert_eq!(needed(worst, lift, usage), None);
        }
    }

    #[test]
    fn p19_what_was_within_its_bound_lifts_nothing() {
        let worst = WorstCase { input_tokens: 100, output_tokens: 50 };
        let usage = TokenUsage { input_uncached: 60, input_cache_write: 40, output: 50, ..TokenUsage::default() };

        assert_eq!(needed(worst, usual(), usage), None);
        assert_eq!(lifted(worst, usual()), worst);
    }
}
