//! `chain_`: blocks and headers.

use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

use super::{Answer, Context, Module, block_at, message, next};
use crate::node::engine::News;
use crate::node::hex::{Bytes, encode};

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u32),
    Text(String),
}

impl Number {
    fn get(&self) -> Option<u32> {
        match self {
            Self::Plain(number) => Some(*number),
            Self::Text(text) => match text.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            },
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(Number),
    Many(Vec<Number>),
}

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_method("chain_getBlockHash", |params, context, _| -> Answer<Value> {
        let numbers: Option<Numbers> = params.sequence().optional_next()?;
        Ok(match numbers {
            None => json!(encode(context.best().hash.as_bytes())),
            Some(Numbers::One(number)) => hash_at(context, &number),
            Some(Numbers::Many(numbers)) => numbers.iter().map(|number| hash_at(context, number)).collect(),
        })
    })?;
    module.register_alias("chain_getHead", "chain_getBlockHash")?;
    module.register_method("chain_getFinalizedHead", |_, context, _| encode(context.finalized().hash.as_bytes()))?;
    module.register_alias("chain_getFinalisedHead", "chain_getFinalizedHead")?;
    module.register_method("chain_getHeader", |params, context, _| -> Answer<Value> {
        let at: Option<Bytes> = params.sequence().optional_next()?;
        Ok(block_at(context, at).map_or(Value::Null, |block| json!(block.header)))
    })?;
    module.register_method("chain_getBlock", |params, context, _| -> Answer<Value> {
        let at: Option<Bytes> = params.sequence().optional_next()?;
        Ok(block_at(context, at).map_or(Value::Null, |block| {
            let extrinsics: Vec<String> = block.extrinsics.iter().map(|bytes| encode(bytes)).collect();
            json!({ "block": { "header": block.header, "extrinsics": extrinsics }, "justifications": null })
        }))
    })?;
    for (subscribe, notice, unsubscribe, wanted) in [
        ("chain_subscribeNewHeads", "chain_newHead", "chain_unsubscribeNewHeads", Wanted::Best),
        ("chain_subscribeNewHead", "chain_newHead", "chain_unsubscribeNewHead", Wanted::Best),
        ("chain_subscribeAllHeads", "chain_allHead", "chain_unsubscribeAllHeads", Wanted::Best),
        ("chain_subscribeFinalizedHeads", "chain_finalizedHead", "chain_unsubscribeFinalizedHeads", Wanted::Final),
        ("chain_subscribeFinalisedHeads", "chain_finalizedHead", "chain_unsubscribeFinalisedHeads", Wanted::Final),
    ] {
        module.register_subscription(subscribe, notice, unsubscribe, move |_, pending, context, _| async move {
            // Subscribed before the first head is read, so that none is missed.
            let mut news = context.shared.news.subscribe();
            let Ok(sink) = pending.accept().await else {
                return;
            };
            let first = match wanted {
                Wanted::Best => context.best(),
                Wanted::Final => context.finalized(),
            };
            let mut block = context.shared.engine().block(first.hash);
            loop {
                if let Some(message) = block.take().and_then(|block| message(&block.header))
                    && sink.send(message).await.is_err()
                {
                    return;
                }
                tokio::select! {
                    () = sink.closed() => return,
                    heard = next(&mut news) => match (heard, wanted) {
                        (None, _) => return,
                        (Some(News::Best(best)), Wanted::Best) if !context.is_frozen() => block = Some(best),
                        (Some(News::Final(last)), Wanted::Final) if !context.is_frozen() => block = Some(last),
                        (Some(_), _) => {}
                    }
                }
            }
        })?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Wanted {
    Best,
    Final,
}

fn hash_at(context: &Context, number: &Number) -> Value {
    let best = context.best().number;
    let number = number.get().filter(|number| *number <= best);
    let hash = number.and_then(|number| context.shared.engine().hash_at(number));
    hash.map_or(Value::Null, |hash| json!(encode(hash.as_bytes())))
}
