//! `state_`: storage, runtime calls, and which runtime it is.

use codec::Decode;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};
use sp_version::RuntimeVersion;

use super::{Answer, Context, Module, block_at, call, message, next, state_at};
use crate::node::engine::News;
use crate::node::hex::{Bytes, encode};

/// How many keys are given at once at most.
const PAGE: usize = 1000;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_method("state_call", |params, context, _| -> Answer<String> {
        let mut params = params.sequence();
        let (method, arguments, at): (String, Bytes, Option<Bytes>) =
            (params.next()?, params.next()?, params.optional_next()?);
        call(context, at, &method, &arguments.0).map(|answer| encode(&answer))
    })?;
    module.register_alias("state_callAt", "state_call")?;
    module.register_method("state_getStorage", |params, context, _| -> Answer<Option<String>> {
        let mut params = params.sequence();
        let (key, at): (Bytes, Option<Bytes>) = (params.next()?, params.optional_next()?);
        Ok(value(context, &key.0, at)?.map(|value| encode(&value)))
    })?;
    module.register_alias("state_getStorageAt", "state_getStorage")?;
    module.register_method("state_getStorageSize", |params, context, _| -> Answer<Option<usize>> {
        let mut params = params.sequence();
        let (key, at): (Bytes, Option<Bytes>) = (params.next()?, params.optional_next()?);
        Ok(value(context, &key.0, at)?.map(|value| value.len()))
    })?;
    module.register_method("state_getStorageHash", |params, context, _| -> Answer<Option<String>> {
        let mut params = params.sequence();
        let (key, at): (Bytes, Option<Bytes>) = (params.next()?, params.optional_next()?);
        Ok(value(context, &key.0, at)?.map(|value| encode(&sp_crypto_hashing::blake2_256(&value))))
    })?;
    module.register_method("state_getKeysPaged", |params, context, _| -> Answer<Vec<String>> {
        let mut params = params.sequence();
        let (prefix, count): (Option<Bytes>, usize) = (params.next()?, params.next()?);
        let (after, at): (Option<Bytes>, Option<Bytes>) = (params.optional_next()?, params.optional_next()?);
        let block = state_at(context, at)?;
        let prefix = prefix.map(|prefix| prefix.0).unwrap_or_default();
        let after = after.as_ref().map(|after| after.0.as_slice());
        let keys = context.shared.engine().nodes().keys(block.root(), &prefix, after, count.min(PAGE));
        Ok(keys.iter().map(|key| encode(key)).collect())
    })?;
    module.register_alias("state_getKeysPagedAt", "state_getKeysPaged")?;
    module.register_method("state_queryStorageAt", |params, context, _| -> Answer<Value> {
        let mut params = params.sequence();
        let (keys, at): (Vec<Bytes>, Option<Bytes>) = (params.next()?, params.optional_next()?);
        let block = state_at(context, at)?;
        Ok(json!([changes(context, &keys, &block)]))
    })?;
    module.register_method("state_getMetadata", |params, context, _| -> Answer<String> {
        let at: Option<Bytes> = params.sequence().optional_next()?;
        let metadata = call(context, at, "Metadata_metadata", &[])?;
        Ok(encode(&Vec::<u8>::decode(&mut metadata.as_slice()).unwrap_or_default()))
    })?;
    module.register_method("state_getRuntimeVersion", |params, context, _| -> Answer<Value> {
        version(context, params.sequence().optional_next()?)
    })?;
    module.register_alias("chain_getRuntimeVersion", "state_getRuntimeVersion")?;
    subscriptions(module)
}

fn subscriptions(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "state_subscribeRuntimeVersion",
        "state_runtimeVersion",
        "state_unsubscribeRuntimeVersion",
        |_, pending, context, _| async move {
            let mut news = context.shared.news.subscribe();
            let Ok(sink) = pending.accept().await else {
                return;
            };
            let mut told = Value::Null;
            loop {
                let current = version(&context, None).unwrap_or_default();
                if current != told {
                    if let Some(message) = message(&current)
                        && sink.send(message).await.is_err()
                    {
                        return;
                    }
                    told = current;
                }
                tokio::select! {
                    () = sink.closed() => return,
                    heard = next(&mut news) => if heard.is_none() { return },
                }
            }
        },
    )?;
    module.register_subscription(
        "state_subscribeStorage",
        "state_storage",
        "state_unsubscribeStorage",
        |params, pending, context, _| async move {
            let keys: Vec<Bytes> = params.sequence().optional_next().ok().flatten().unwrap_or_default();
            let mut news = context.shared.news.subscribe();
            let Ok(sink) = pending.accept().await else {
                return;
            };
            let mut told = Value::Null;
            let mut block = block_at(&context, None).ok();
            loop {
                if let Some(block) = block.take() {
                    let current = changes(&context, &keys, &block);
                    let changed = current.get("changes") != told.get("changes");
                    if changed
                        && let Some(message) = message(&current)
                        && sink.send(message).await.is_err()
                    {
                        return;
                    }
                    told = current;
                }
                tokio::select! {
                    () = sink.closed() => return,
                    heard = next(&mut news) => match heard {
                        None => return,
                        Some(News::Best(best)) if !context.is_frozen() => block = Some(best),
                        Some(_) => {}
                    }
                }
            }
        },
    )?;
    Ok(())
}

fn value(context: &Context, key: &[u8], at: Option<Bytes>) -> Answer<Option<Vec<u8>>> {
    let block = state_at(context, at)?;
    Ok(context.shared.engine().nodes().get(block.root(), key))
}

fn changes(context: &Context, keys: &[Bytes], block: &crate::node::state::Block) -> Value {
    let engine = context.shared.engine();
    let values: Vec<(String, Option<String>)> = keys
        .iter()
        .map(|key| (encode(&key.0), engine.nodes().get(block.root(), &key.0).map(|value| encode(&value))))
        .collect();
    json!({ "block": encode(block.hash().as_bytes()), "changes": values })
}

pub(super) fn version(context: &Context, at: Option<Bytes>) -> Answer<Value> {
    let version = call(context, at, "Core_version", &[])?;
    Ok(RuntimeVersion::decode(&mut version.as_slice()).map_or(Value::Null, |version| json!(version)))
}
