//! `system_` and `payment_`: who the node is, what comes next for an account, and what it costs.

use codec::{Decode, Encode};
use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::ErrorObjectOwned;
use pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo;
use serde_json::{Value, json};
use sp_core::crypto::Ss58Codec;
use sp_runtime::AccountId32;

use super::{Answer, Module, call, call_failed};
use crate::node::hex::Bytes;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_method("system_chain", |_, _, _| "Sandbox")?;
    module.register_method("system_chainType", |_, _, _| "Local")?;
    module.register_method("system_name", |_, _, _| "sandbox-chain")?;
    module.register_method("system_version", |_, _, _| env!("CARGO_PKG_VERSION"))?;
    module.register_method(
        "system_properties",
        |_, _, _| json!({ "ss58Format": 42, "tokenDecimals": 9, "tokenSymbol": "TAO" }),
    )?;
    module.register_method(
        "system_health",
        |_, _, _| json!({ "peers": 0, "isSyncing": false, "shouldHavePeers": false }),
    )?;
    module.register_method("system_syncState", |_, context, _| {
        let best = context.best().number;
        json!({ "startingBlock": 0, "currentBlock": best, "highestBlock": best })
    })?;
    module.register_method("system_accountNextIndex", |params, context, _| -> Answer<u32> {
        let account: String = params.sequence().next()?;
        let account = AccountId32::from_ss58check(&account)
            .map_err(|error| ErrorObjectOwned::owned(-32602, "Invalid params", Some(error.to_string())))?;
        let nonce = context.shared.engine().next_nonce(account.as_ref());
        nonce.map_err(|error| call_failed("AccountNonceApi_account_nonce", error))
    })?;
    module.register_alias("account_nextIndex", "system_accountNextIndex")?;
    module.register_method("payment_queryInfo", |params, context, _| -> Answer<Value> {
        let mut params = params.sequence();
        let (transaction, at): (Bytes, Option<Bytes>) = (params.next()?, params.optional_next()?);
        let length = u32::try_from(transaction.0.len()).unwrap_or(u32::MAX);
        let arguments = [transaction.0, length.encode()].concat();
        let info = call(context, at, "TransactionPaymentApi_query_info", &arguments)?;
        let info = RuntimeDispatchInfo::<u64>::decode(&mut info.as_slice());
        Ok(info.map_or(Value::Null, |info| {
            let weight = json!({ "ref_time": info.weight.ref_time(), "proof_size": info.weight.proof_size() });
            json!({ "weight": weight, "class": info.class, "partialFee": info.partial_fee.to_string() })
        }))
    })?;
    Ok(())
}
