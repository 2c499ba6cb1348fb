//! The most that any policy can earn which knows every arm's mean in every class, under a budget.

use super::table::Table;

/// Mean reward per prompt of the best mixture of arms per class whose expected cost is within `budget` per prompt.
///
/// A linear programme with one constraint: its solution buys the steps of each class's upper hull, the most reward per
/// cost first. Declining earns `declined` and costs nothing.
#[must_use]
pub fn optimum(table: &Table, budget: f64, declined: f64) -> f64 {
    let total = table.rows.len().max(1) as f64;
    let mut earned = declined;
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for class in 0..table.classes.len() {
        let rows: Vec<_> = table.rows.iter().filter(|row| row.class == class).collect();
        let mean = |arm: usize| {
            let of: Vec<_> = rows.iter().filter_map(|row| row.outcomes.get(arm)).collect();
            let sum = |f: fn(&super::table::Outcome) -> f64| of.iter().map(|o| f(o)).sum::<f64>() / total;
            (sum(|o| o.cost), sum(|o| o.reward))
        };
        let part = rows.len() as f64 / total;
        let points: Vec<_> = (0..table.arms.len()).map(mean).collect();
        steps.extend(hull((0.0, declined * part), &points));
    }
    steps.sort_by(|a, b| (b.1 / b.0).total_cmp(&(a.1 / a.0)));
    let mut left = budget;
    for (cost, gain) in steps {
        let part = if cost > 0.0 { (left / cost).clamp(0.0, 1.0) } else { 1.0 };
        earned += gain * part;
        left -= cost * part;
    }
    earned
}

/// The steps in cost and reward along the upper hull from the point that costs nothing.
fn hull(start: (f64, f64), points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut at = start;
    let mut steps = Vec::new();
    loop {
        let slope = |point: &(f64, f64)| (point.1 - at.1) / (point.0 - at.0).max(0.0);
        let better = points.iter().filter(|point| point.1 > at.1);
        let Some(&next) = better.max_by(|a, b| slope(a).total_cmp(&slope(b)).then(a.1.total_cmp(&b.1))) else { break };
        steps.push(((next.0 - at.0).max(0.0), next.1 - at.1));
        at = next;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_leaves_out_what_a_mixture_beats() {
        let steps = hull((0.0, 0.0), &[(1.0, 0.5), (2.0, 0.55), (3.0, 0.9), (4.0, 0.8)]);

        assert_eq!(steps, [(1.0, 0.5), (2.0, 0.4)]);
    }

    #[test]
    fn what_is_free_and_better_is_always_taken() {
        assert_eq!(hull((0.0, 0.2), &[(0.0, 0.5), (0.0, 0.1)]), [(0.0, 0.3)]);
    }
}
