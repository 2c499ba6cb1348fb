//! `minerctl stake` and `transfer`: stake bought, sold and moved, and TAO given away.

use std::process::ExitCode;

use common::call::wallet::operation::Operation;

use crate::cli::{CommonArgs, StakeCommand, TransferArgs};
use crate::operation::Desk;

/// Runs the command.
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, command: &StakeCommand) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    let (wanted, args) = match command {
        StakeCommand::Add { amount, netuid, hotkey, bound, operation } => {
            let (hotkey, bound) = (desk.hotkey(hotkey.as_ref())?, bound.bound());
            (Operation::AddStake { hotkey, netuid: *netuid, amount: *amount, bound }, operation)
        }
        StakeCommand::Remove { amount, netuid, hotkey, bound, operation } => {
            let (hotkey, bound) = (desk.hotkey(hotkey.as_ref())?, bound.bound());
            let wanted = match amount {
                Some(amount) => Operation::RemoveStake { hotkey, netuid: *netuid, amount: *amount, bound },
                None => Operation::RemoveAllStake { hotkey, netuid: *netuid, bound },
            };
            (wanted, operation)
        }
        StakeCommand::RemoveAll { hotkey, to_root, operation } => {
            let hotkey = desk.hotkey(hotkey.as_ref())?;
            let wanted =
                if *to_root { Operation::UnstakeAllAlpha { hotkey } } else { Operation::UnstakeAll { hotkey } };
            (wanted, operation)
        }
        StakeCommand::Move { amount, from_netuid, to_netuid, from, to, operation } => {
            let wanted = Operation::MoveStake {
                from: desk.hotkey(from.as_ref())?,
                to: to.clone(),
                from_netuid: *from_netuid,
                to_netuid: to_netuid.unwrap_or(*from_netuid),
                amount: *amount,
            };
            (wanted, operation)
        }
        StakeCommand::Swap { amount, from_netuid, to_netuid, hotkey, bound, operation } => {
            let wanted = Operation::SwapStake {
                hotkey: desk.hotkey(hotkey.as_ref())?,
                from_netuid: *from_netuid,
                to_netuid: *to_netuid,
                amount: *amount,
                bound: bound.bound(),
            };
            (wanted, operation)
        }
        StakeCommand::ChildkeyTake { take, netuid, hotkey, operation } => {
            let hotkey = desk.hotkey(hotkey.as_ref())?;
            (Operation::SetChildkeyTake { hotkey, netuid: *netuid, take: *take }, operation)
        }
        StakeCommand::RegisterRoot { hotkey, operation } => {
            (Operation::RootRegister { hotkey: desk.hotkey(hotkey.as_ref())? }, operation)
        }
        StakeCommand::ClaimRoot { netuids, operation } => {
            (Operation::ClaimRoot { netuids: netuids.clone() }, operation)
        }
    };
    desk.perform(common, wanted, args).await
}

/// Runs `minerctl transfer`.
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn transfer(common: &CommonArgs, args: &TransferArgs) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    let wanted = Operation::Transfer { to: args.to.clone(), amount: args.amount };
    desk.perform(common, wanted, &args.operation).await
}
