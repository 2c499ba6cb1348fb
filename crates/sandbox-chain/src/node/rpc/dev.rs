//! `dev_`: the faults, for tests that drive the chain from outside.

use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

use super::{Answer, Context, Module, call_failed};
use crate::node::endpoint::Refusal;
use crate::node::engine::Head;
use crate::node::hex::{Bytes, encode};
use crate::node::state::CallError;
use crate::node::{Node, Shared};
use crate::runtime::upgrade::{Runtime as Upgrade, Shape};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    // [count] Makes blocks, also while the chain stalls.
    module.register_method("dev_newBlock", |params, context, _| -> Answer<Value> {
        let count: Option<u32> = params.sequence().optional_next()?;
        let made = node(context).new_blocks(count.unwrap_or(1));
        head(made)
    })?;
    // depth, [lose transactions]
    module.register_method("dev_reorg", |params, context, _| -> Answer<Value> {
        let mut params = params.sequence();
        let (depth, lose): (u32, Option<bool>) = (params.next()?, params.optional_next()?);
        head(node(context).reorg(depth, lose.unwrap_or_default()))
    })?;
    // whether
    module.register_method("dev_stall", |params, context, _| -> Answer<()> {
        node(context).stall(params.sequence().next()?);
        Ok(())
    })?;
    // blocks
    module.register_method("dev_finalityLag", |params, context, _| -> Answer<()> {
        node(context).set_finality_lag(params.sequence().next()?);
        Ok(())
    })?;
    // Cuts this endpoint's connections, the asking one too.
    module.register_method("dev_dropConnections", |_, context, _| context.handle().drop_connections())?;
    // "none", "close", "silence" or "too-many-requests"
    module.register_method("dev_refuse", |params, context, _| -> Answer<()> {
        let refusal: Refusal = params.sequence().next()?;
        context.handle().refuse(refusal);
        Ok(())
    })?;
    // whether
    module.register_method("dev_freeze", |params, context, _| -> Answer<()> {
        context.handle().freeze(params.sequence().next()?);
        Ok(())
    })?;
    // spec version, [shape]
    module.register_method("dev_upgrade", |params, context, _| -> Answer<()> {
        let mut params = params.sequence();
        let (spec_version, shape): (u32, Option<Shape>) = (params.next()?, params.optional_next()?);
        node(context).upgrade(Upgrade { spec_version, shape: shape.unwrap_or(Shape::Spec424) });
        Ok(())
    })?;
    // netuid, rao
    module.register_method("dev_setBurn", |params, context, _| -> Answer<()> {
        let mut params = params.sequence();
        node(context).set_burn(params.next()?, params.next()?);
        Ok(())
    })?;
    // netuid, rao
    module.register_method("dev_setAlphaPrice", |params, context, _| -> Answer<()> {
        let mut params = params.sequence();
        node(context).set_alpha_price(params.next()?, params.next()?);
        Ok(())
    })?;
    // netuid, uid
    module.register_method("dev_deregister", |params, context, _| -> Answer<()> {
        let mut params = params.sequence();
        node(context).deregister(params.next()?, params.next()?);
        Ok(())
    })?;
    // [[key, value or null]] From the next block on.
    module.register_method("dev_setStorage", |params, context, _| -> Answer<()> {
        let values: Vec<(Bytes, Option<Bytes>)> = params.sequence().next()?;
        node(context).intervene(move || {
            for (key, value) in values {
                match value {
                    Some(value) => sp_io::storage::set(&key.0, &value.0),
                    None => sp_io::storage::clear(&key.0),
                }
            }
        });
        Ok(())
    })?;
    Ok(())
}

fn node(context: &Context) -> Node {
    Node { shared: std::sync::Arc::<Shared>::clone(&context.shared), endpoint: context.handle() }
}

fn head(made: Result<Head, CallError>) -> Answer<Value> {
    let head = made.map_err(|error| call_failed("new block", error))?;
    Ok(json!({ "number": head.number, "hash": encode(head.hash.as_bytes()) }))
}
