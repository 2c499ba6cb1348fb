//! A table of outcomes: what each arm answered to each prompt, how it was scored and what it cost.

/// Everything that is known of a set of prompts.
#[derive(Clone, Debug)]
pub struct Table {
    /// The arms' names.
    pub arms: Vec<String>,
    /// The classes' names.
    pub classes: Vec<String>,
    /// The prompts.
    pub rows: Vec<Row>,
    /// What costs are counted in.
    pub unit: Unit,
    /// What is publicly known of each arm's price.
    pub prices: Vec<Price>,
}

/// What costs are counted in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// US dollars.
    Usd,
    /// Tokens of prompt and answer together: no prices are known.
    Tokens,
    /// Nothing is known of costs; all are 0.
    Unknown,
}

/// What is known of an arm's price before it is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Price {
    /// So much for each token.
    PerToken {
        /// Of the prompt.
        input: f64,
        /// Of the answer.
        output: f64,
    },
    /// So much for an answer, more or less.
    PerAnswer(f64),
}

/// One prompt.
#[derive(Clone, Debug)]
pub struct Row {
    /// The class's place.
    pub class: usize,
    /// Cheap features of the text, for learners that want them.
    pub features: Vec<f32>,
    /// What each arm made of it.
    pub outcomes: Vec<Outcome>,
}

/// What an arm made of a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// How good the answer is; 1 is best.
    pub reward: f64,
    /// What it cost.
    pub cost: f64,
    /// Tokens of the prompt.
    pub input_tokens: f64,
    /// Tokens of the answer.
    pub output_tokens: f64,
}

/// The price per token that explains all costs, or the mean cost if none does.
#[must_use]
pub fn fit_price(outcomes: &[Outcome]) -> Price {
    /// The largest error, relative to the largest cost, with which a price still explains the costs.
    const TOLERANCE: f64 = 0.01;
    let sum = |product: fn(&Outcome) -> f64| outcomes.iter().map(product).sum::<f64>();
    let (ii, io, oo) = (
        sum(|o| o.input_tokens * o.input_tokens),
        sum(|o| o.input_tokens * o.output_tokens),
        sum(|o| o.output_tokens * o.output_tokens),
    );
    let (ic, oc) = (sum(|o| o.input_tokens * o.cost), sum(|o| o.output_tokens * o.cost));
    let determinant = ii * oo - io * io;
    let (input, output) = ((ic * oo - oc * io) / determinant, (oc * ii - ic * io) / determinant);
    let largest = outcomes.iter().map(|o| o.cost).fold(0.0, f64::max);
    let explains =
        |o: &Outcome| (o.input_tokens * input + o.output_tokens * output - o.cost).abs() <= TOLERANCE * largest;
    if input.is_finite() && output.is_finite() && input >= 0.0 && output >= 0.0 && outcomes.iter().all(explains) {
        Price::PerToken { input, output }
    } else {
        Price::PerAnswer(sum(|o| o.cost) / (outcomes.len() as f64).max(1.0))
    }
}

impl Table {
    /// Returns all that an arm did.
    #[must_use]
    pub fn of_arm(&self, arm: usize) -> Vec<Outcome> {
        self.rows.iter().filter_map(|row| row.outcomes.get(arm).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(input_tokens: f64, output_tokens: f64, cost: f64) -> Outcome {
        Outcome { reward: 0.0, cost, input_tokens, output_tokens }
    }

    #[test]
    fn a_price_per_token_is_found_where_there_is_one() {
        let outcomes: Vec<_> = (1..9).map(|n| (f64::from(n * 10), f64::from(n * n))).collect();
        let outcomes: Vec<_> = outcomes.into_iter().map(|(i, o)| outcome(i, o, 0.25 * i + 1.25 * o)).collect();

        let Price::PerToken { input, output } = fit_price(&outcomes) else { panic!("no price per token") };

        assert!((input - 0.25).abs() < 1e-9 && (output - 1.25).abs() < 1e-9, "{input} {output}");
    }

    #[test]
    fn costs_that_no_price_explains_are_taken_on_average() {
        let outcomes = [outcome(10.0, 5.0, 1.0), outcome(10.0, 5.0, 3.0), outcome(20.0, 1.0, 2.0)];

        assert_eq!(fit_price(&outcomes), Price::PerAnswer(2.0));
        assert_eq!(fit_price(&[outcome(0.0, 0.0, 4.0)]), Price::PerAnswer(4.0));
    }
}
