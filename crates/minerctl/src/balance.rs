//! `minerctl balance`: what the coldkey holds, what it is worth, and what a place costs.

use std::process::ExitCode;
use std::time::Duration;

use common::call::wallet::balance::{Balance, BalanceQuery};
use common::money::billionths;
use serde_json::json;

use crate::cli::CommonArgs;
use crate::operation::Desk;
use crate::output;

/// Each position takes some questions to a node.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the command.
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    let balance = desk.client.call(BalanceQuery {}, PATIENCE).await?;
    if common.json {
        output::json(&json!({ "schema": 1, "balance": balance }))?;
    } else {
        output::text(&render(&balance))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn render(balance: &Balance) -> String {
    let mut text = format!(
        "{} at block {}\n  free      {}\n  reserved  {}\n  stake     {} if each position were sold alone\n",
        balance.coldkey, balance.block, balance.free, balance.reserved, balance.stake_value
    );
    if !balance.stakes.is_empty() {
        let heading = ["SUBNET", "HOTKEY", "ALPHA", "COLLATERAL", "PRICE", "VALUE", "SOLD NOW", "PER EPOCH", "PER DAY"];
        let rows = balance.stakes.iter().map(|stake| {
            vec![
                stake.netuid.to_string(),
                stake.hotkey.to_string(),
                billionths(stake.alpha.0),
                stake.collateral.map_or_else(|| "-".to_owned(), |locked| billionths(locked.0)),
                billionths(stake.price.0),
                billionths(stake.value.0),
                format!("{}{}", if stake.exact { "" } else { "~" }, billionths(stake.sold.0)),
                billionths(stake.emission_per_epoch.0),
                billionths(stake.emission_per_day.0),
            ]
        });
        let rows: Vec<_> = std::iter::once(heading.map(str::to_owned).to_vec()).chain(rows).collect();
        text.push_str(&output::table(&rows));
    }
    for place in &balance.registrations {
        let uid = place.uid.map_or_else(|| "not registered".to_owned(), |uid| format!("uid {uid}"));
        let cost = place.cost;
        text.push_str(&format!(
            "subnet {}: {uid}; a place costs {} ({} burned, {} locked)\n",
            place.netuid, cost.price, cost.burn, cost.collateral
        ));
    }
    text
}
