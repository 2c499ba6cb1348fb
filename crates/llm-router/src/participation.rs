//! Which share of the tasks is tried, without randomness: the task's id decides.

use common::id::TaskId;

use crate::hash::Draw;

/// Whether the task belongs to the share `rate` (0 to 1) of all tasks.
pub(crate) fn takes_part(rate: f64, seed: u64, task: TaskId) -> bool {
    fraction(seed, task) < rate
}

/// A number from 0 up to but not including 1, evenly spread over tasks and over seeds.
pub(crate) fn fraction(seed: u64, task: TaskId) -> f64 {
    Draw::new(seed).text(&task.to_string()).fraction()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(number: u64) -> TaskId {
        TaskId::new(number, [7; 10])
    }

    #[test]
    fn a_rate_of_zero_takes_no_task_and_of_one_takes_all() {
        for number in 0..1000 {
            assert!(!takes_part(0.0, number, task(1)));
            assert!(takes_part(1.0, number, task(1)));
        }
    }

    #[test]
    fn the_share_over_tasks_and_over_seeds_is_the_rate() {
        for rate in [0.1, 0.5, 0.9] {
            let over_tasks = (0..10_000).filter(|&n| takes_part(rate, 1, task(n))).count();
            let over_seeds = (0..10_000).filter(|&n| takes_part(rate, n, task(1))).count();

            for taken in [over_tasks, over_seeds] {
                let share = taken as f64 / 10_000.0;
                assert!((share - rate).abs() < 0.02, "{share} instead of {rate}");
            }
        }
    }

    #[test]
    fn the_fraction_of_a_task_never_changes() {
        let fraction = fraction(42, TaskId::new(1_700_000_000_000, [3; 10]));

        assert!((fraction - 0.571_621_876_242_644_8).abs() < f64::EPSILON, "{fraction}");
    }
}
