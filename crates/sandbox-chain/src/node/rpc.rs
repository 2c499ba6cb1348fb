//! The node's JSON-RPC: the methods and answers of a Substrate node, as far as clients of subtensor ask for them, and
//! `dev_` methods for the faults.

mod author;
mod chain;
mod dev;
mod state;
mod system;

use std::sync::Arc;

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{RpcModule, SubscriptionMessage};
use sp_core::H256;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::endpoint::Inner;
use super::engine::News;
use super::hex::Bytes;
use super::state::{Block, CallError};

type Context = Arc<Inner>;
type Module = RpcModule<Context>;
type Answer<T> = Result<T, ErrorObjectOwned>;

/// All methods of an endpoint.
pub(super) fn methods(inner: Context) -> Result<Module, RegisterMethodError> {
    let mut module = RpcModule::new(inner);
    chain::register(&mut module)?;
    state::register(&mut module)?;
    author::register(&mut module)?;
    system::register(&mut module)?;
    dev::register(&mut module)?;
    let mut names: Vec<&'static str> = module.method_names().collect();
    names.push("rpc_methods");
    names.sort_unstable();
    module.register_method("rpc_methods", move |_, _, _| serde_json::json!({ "methods": names }))?;
    Ok(module)
}

/// The block that was asked about: the best one, unless a hash was given.
fn block_at(context: &Context, at: Option<Bytes>) -> Answer<Arc<Block>> {
    let hash = match at {
        Some(bytes) => bytes.hash()?,
        None => context.best().hash,
    };
    context.shared.engine().block(hash).ok_or_else(|| unknown_block(hash))
}

fn unknown_block(hash: H256) -> ErrorObjectOwned {
    let message = format!("Client error: UnknownBlock: Header was not found in the database: {hash:?}");
    ErrorObjectOwned::owned(4003, message, None::<()>)
}

fn call_failed(method: &str, error: CallError) -> ErrorObjectOwned {
    let message = format!("Client error: Execution failed: {method}: {error}");
    ErrorObjectOwned::owned(4003, message, None::<()>)
}

/// The block whose state was asked about, if that is still kept.
fn state_at(context: &Context, at: Option<Bytes>) -> Answer<Arc<Block>> {
    let block = block_at(context, at)?;
    if !context.shared.engine().nodes().has(block.root()) {
        let message = format!("Client error: UnknownBlock: State already discarded for {:?}", block.hash());
        return Err(ErrorObjectOwned::owned(4003, message, None::<()>));
    }
    Ok(block)
}

/// Runs a runtime API in the state of a block.
fn call(context: &Context, at: Option<Bytes>, method: &str, arguments: &[u8]) -> Answer<Vec<u8>> {
    let block = state_at(context, at)?;
    let engine = context.shared.engine();
    engine.nodes().call(block.root(), method, arguments).map_err(|error| call_failed(method, error))
}

fn message(value: &impl serde::Serialize) -> Option<SubscriptionMessage> {
    serde_json::value::to_raw_value(value).ok().map(SubscriptionMessage::from)
}

/// The next news; none when the chain is gone. Who was too slow misses some.
async fn next(news: &mut Receiver<News>) -> Option<News> {
    loop {
        match news.recv().await {
            Ok(news) => return Some(news),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}
