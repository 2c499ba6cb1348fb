//! Answers that need more than one call: a critic's, and one of several that agree.

use common::outcome::TaskFailure;
use common::record::CallPart;
use futures_util::future::join_all;
use llm_router::{Plan, vote};
use serde_json::Value;

use super::{Attempts, Miss};
use crate::answer;
use crate::remedy::Remedy;

impl Attempts<'_> {
    /// Asks, then asks for a better answer with the first in view. Where that is in vain, the first answer stands.
    pub(super) async fn critic(&mut self, plan: &Plan, request: &str) -> Result<Value, Miss> {
        let ready = self.reserve(plan.clone(), CallPart::Answer).await.map_err(Miss::Skipped)?;
        let draft = self.make(ready, None).await.map_err(|(failure, remedy)| Miss::Failed(failure, remedy))?;
        let second = plan.followed_by(&draft, request, llm::input_token_bound).within(self.tokens_left());
        if let Some(second) = second
            && let Ok(ready) = self.reserve(second, CallPart::Critic).await
            && let Ok(text) = self.make(ready, None).await
            && let Ok(value) = answer::format(self.form, &text)
        {
            return Ok(value);
        }
        match answer::format(self.form, &draft) {
            Ok(value) => Ok(value),
            Err(_) => self.repair(plan, &draft).await,
        }
    }

    /// Asks the same several times at once, and takes the answer that most agree on.
    pub(super) async fn samples(&mut self, plan: &Plan, count: u8) -> Result<Value, Miss> {
        let share = self.tokens_left() / u64::from(count.max(1));
        let Some(plan) = plan.clone().within(share) else { return self.once(plan).await };
        let mut ready = vec![self.reserve(plan.clone(), CallPart::Sample).await.map_err(Miss::Skipped)?];
        for _ in 1..count {
            // Fewer are better than none.
            let Ok(one) = self.reserve(plan.clone(), CallPart::Sample).await else { break };
            ready.push(one);
        }
        let deadline = self.vendor_deadline();
        let ended = join_all(ready.into_iter().map(|ready| ready.make(None, deadline))).await;
        let texts: Vec<_> = ended.into_iter().map(|ended| self.count(ended)).collect();
        let formed = |text: &String| answer::format(self.form, text).ok();
        let mut values: Vec<Value> = texts.iter().flatten().filter_map(formed).collect();
        if let Some(winner) = vote(self.basis.class, &values) {
            return Ok(values.swap_remove(winner));
        }
        let (failure, remedy) =
            texts.into_iter().find_map(Result::err).unwrap_or((TaskFailure::Format, Remedy::Nothing));
        Err(Miss::Failed(failure, remedy))
    }
}
