//! `minerctl register`: buys the hotkey a place on a subnet, perhaps once it is cheap enough.

use std::process::ExitCode;
use std::time::Duration;

use common::call::wallet::operation::Operation;
use common::money::Rao;

use crate::cli::{CommonArgs, RegisterArgs};
use crate::operation::Desk;
use crate::output;

/// The price changes with each block, every 12 s.
const LOOK: Duration = Duration::from_secs(6);

/// Runs the command.
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, args: &RegisterArgs) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    let hotkey = desk.hotkey(args.hotkey.as_ref())?;
    let at_most = |max_cost| Operation::Register { netuid: args.netuid, hotkey: hotkey.clone(), max_cost };
    let mut said = None;
    loop {
        if !args.wait_for_cheaper {
            break;
        }
        // Asked without a limit, so that the price is told whatever it is.
        let quote = desk.quote(at_most(Rao(u64::MAX))).await?;
        let price = quote.registration.map_or(u64::MAX, |cost| cost.price.0);
        let cost = Rao(price.saturating_add(quote.fee.0));
        if cost <= args.max_cost {
            break;
        }
        if said != Some(cost) {
            output::note(&format!("it costs {cost} at block {}; waiting for {}", quote.block, args.max_cost));
            said = Some(cost);
        }
        tokio::time::sleep(LOOK).await;
    }
    desk.perform(common, at_most(args.max_cost), &args.operation).await
}
