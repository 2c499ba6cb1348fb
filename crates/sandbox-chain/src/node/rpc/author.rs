//! `author_`: handing transactions in.

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::ErrorObjectOwned;
use tokio::sync::mpsc;

use super::{Answer, Module, message};
use crate::node::hex::{Bytes, encode};
use crate::node::pool::{Status, SubmitError};

/// How much a watcher may fall behind.
const WATCH: usize = 32;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_method("author_submitExtrinsic", |params, context, _| -> Answer<String> {
        let transaction: Bytes = params.sequence().next()?;
        let hash = context.shared.engine().submit(transaction.0, None).map_err(|error| refused(&error))?;
        Ok(encode(hash.as_bytes()))
    })?;
    module.register_method("author_pendingExtrinsics", |_, context, _| {
        context.shared.engine().pooled().map(encode).collect::<Vec<_>>()
    })?;
    module.register_subscription(
        "author_submitAndWatchExtrinsic",
        "author_extrinsicUpdate",
        "author_unwatchExtrinsic",
        |params, pending, context, _| async move {
            let transaction = match params.sequence().next::<Bytes>() {
                Ok(transaction) => transaction.0,
                Err(error) => return pending.reject(error).await,
            };
            let (watcher, mut statuses) = mpsc::channel(WATCH);
            let submitted = context.shared.engine().submit(transaction, Some(watcher));
            if let Err(error) = submitted {
                return pending.reject(refused(&error)).await;
            }
            let Ok(sink) = pending.accept().await else {
                return;
            };
            loop {
                let status = tokio::select! {
                    () = sink.closed() => return,
                    status = statuses.recv() => match status {
                        Some(status) => status,
                        None => return,
                    }
                };
                if let Some(message) = message(&status)
                    && sink.send(message).await.is_err()
                {
                    return;
                }
                if matches!(status, Status::Finalized(_) | Status::Invalid) {
                    return;
                }
            }
        },
    )?;
    Ok(())
}

/// The refusal with a node's codes and words.
fn refused(error: &SubmitError) -> ErrorObjectOwned {
    match error {
        SubmitError::Invalid(reason) => ErrorObjectOwned::owned(1010, "Invalid Transaction", Some(reason)),
        SubmitError::Unknown(reason) => ErrorObjectOwned::owned(1011, "Unknown Transaction Validity", Some(reason)),
        SubmitError::Malformed => {
            ErrorObjectOwned::owned(1002, "Verification Error: Runtime error: Execution failed", None::<()>)
        }
        SubmitError::AlreadyImported(hash) => {
            ErrorObjectOwned::owned(1013, "Transaction Already Imported", Some(encode(hash.as_bytes())))
        }
        SubmitError::TooLowPriority => ErrorObjectOwned::owned(
            1014,
            "Priority is too low: (0 vs 0)",
            Some("The transaction has too low priority to replace another transaction already in the pool."),
        ),
        SubmitError::Full => ErrorObjectOwned::owned(
            1016,
            "Immediately Dropped",
            Some("The transaction couldn't enter the pool because of the limit"),
        ),
    }
}
