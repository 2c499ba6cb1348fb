//! The tools: what an agent can ask of the wallet, and what it can propose. None submits, unlocks or approves.

use std::time::Duration;

use common::call::wallet::WalletCall;
use common::call::wallet::WalletStatusQuery;
use common::call::wallet::balance::{BalanceQuery, EarningsQuery};
use common::call::wallet::operation::{
    ListOperations, Mode, Operation, OperationView, PerformOperation, PriceBound, QuoteOperation,
};
use common::id::{OperationId, Ss58};
use common::ipc::Call;
use common::money::{AlphaRao, Rao};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolResult;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use super::Tools;
use super::answer::{Failure, answer};
use super::arguments::{
    EarningsWanted, Nothing, OperationsWanted, Payment, PriceWanted, RegistrationWanted, StakeWanted, TransferWanted,
    address, amount, netuid,
};

/// A quote reads the chain; more than that is a chain that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[tool_router]
impl Tools {
    #[tool(
        name = "get_wallet_info",
        description = "The Bittensor wallet: address, hotkey, whether it can sign, and its balance in rao (1 TAO = 1000000000 rao).",
        annotations(read_only_hint = true)
    )]
    async fn get_wallet_info(&self, Parameters(_): Parameters<Nothing>) -> CallToolResult {
        answer(self.wallet_info().await)
    }

    #[tool(
        name = "get_signed_transaction",
        description = "Signs a transfer of TAO for you to send, if the operator's policy allows it: amountAtomic is in rao. \
                       A refusal names the rule; above a limit the operator is asked first.",
        annotations(destructive_hint = true, idempotent_hint = false)
    )]
    async fn get_signed_transaction(&self, Parameters(payment): Parameters<Payment>) -> CallToolResult {
        answer(self.signed_transaction(payment).await)
    }

    #[tool(
        name = "tao_balance",
        description = "What the coldkey holds now: free and reserved rao, each stake with its price and what it would sell for, \
                       and what a place costs on each mined subnet.",
        annotations(read_only_hint = true)
    )]
    async fn tao_balance(&self, Parameters(_): Parameters<Nothing>) -> CallToolResult {
        answer(self.ask(BalanceQuery {}).await)
    }

    #[tool(
        name = "tao_stake",
        description = "Each stake by hotkey and subnet: alpha-rao, price, value, what it would sell for after slippage.",
        annotations(read_only_hint = true)
    )]
    async fn tao_stake(&self, Parameters(_): Parameters<Nothing>) -> CallToolResult {
        answer(
            self.ask(BalanceQuery {}).await.map(|balance| json!({ "block": balance.block, "stakes": balance.stakes })),
        )
    }

    #[tool(
        name = "tao_emissions",
        description = "What each staked hotkey was given in its subnet's last epoch, and per day at that rate, in alpha-rao.",
        annotations(read_only_hint = true)
    )]
    async fn tao_emissions(&self, Parameters(_): Parameters<Nothing>) -> CallToolResult {
        answer(self.emissions().await)
    }

    #[tool(
        name = "tao_earnings",
        description = "Entries of the earnings ledger, oldest first: emissions, fees, registrations, stake and transfers; \
                       what went is negative.",
        annotations(read_only_hint = true)
    )]
    async fn tao_earnings(&self, Parameters(wanted): Parameters<EarningsWanted>) -> CallToolResult {
        let query = EarningsQuery {
            since_unix_ms: wanted.since_unix_ms,
            until_unix_ms: wanted.until_unix_ms,
            after: wanted.after,
            limit: wanted.limit.clamp(1, 500),
        };
        answer(self.ask(query).await)
    }

    #[tool(
        name = "tao_price",
        description = "The price of a subnet's alpha in rao, and what buying some of it would bring after slippage.",
        annotations(read_only_hint = true)
    )]
    async fn tao_price(&self, Parameters(wanted): Parameters<PriceWanted>) -> CallToolResult {
        answer(self.price(wanted).await)
    }

    #[tool(
        name = "tao_operations",
        description = "The newest operations with the wallet, and what became of each.",
        annotations(read_only_hint = true)
    )]
    async fn tao_operations(&self, Parameters(wanted): Parameters<OperationsWanted>) -> CallToolResult {
        answer(self.ask(ListOperations { limit: wanted.limit.clamp(1, 200) }).await)
    }

    #[tool(
        name = "tao_propose_transfer",
        description = "Proposes a transfer of TAO to the operator, who signs it or not; nothing is sent."
    )]
    async fn tao_propose_transfer(&self, Parameters(wanted): Parameters<TransferWanted>) -> CallToolResult {
        answer(self.propose_transfer(wanted).await)
    }

    #[tool(
        name = "tao_propose_stake",
        description = "Proposes to the operator to turn TAO into a subnet's alpha; nothing is sent."
    )]
    async fn tao_propose_stake(&self, Parameters(wanted): Parameters<StakeWanted>) -> CallToolResult {
        answer(self.propose_stake(wanted, true).await)
    }

    #[tool(
        name = "tao_propose_unstake",
        description = "Proposes to the operator to turn a subnet's alpha into TAO; nothing is sent."
    )]
    async fn tao_propose_unstake(&self, Parameters(wanted): Parameters<StakeWanted>) -> CallToolResult {
        answer(self.propose_stake(wanted, false).await)
    }

    #[tool(
        name = "tao_propose_register",
        description = "Proposes to the operator to buy a place on a subnet; nothing is sent."
    )]
    async fn tao_propose_register(&self, Parameters(wanted): Parameters<RegistrationWanted>) -> CallToolResult {
        answer(self.propose_register(wanted).await)
    }
}

#[tool_handler(
    name = "bittensor-wallet",
    instructions = "A Bittensor wallet. Amounts of get_signed_transaction are rao (1 TAO = 1000000000 rao); those of tao_ tools are \
                    decimal text in TAO or alpha. The operator's policy decides what is signed; proposals are never sent."
)]
impl ServerHandler for Tools {}

impl Tools {
    /// Asks the wallet-manager that runs.
    pub(super) async fn ask<C: Call<Service = WalletCall>>(&self, call: C) -> Result<C::Output, Failure> {
        // The connection is made in the background: the first call comes right after the start.
        drop(tokio::time::timeout(Duration::from_secs(2), self.wallet.connected()).await);
        Ok(self.wallet.call(call, PATIENCE).await?)
    }

    /// Wants an operation at what it costs now.
    pub(super) async fn perform(
        &self,
        id: OperationId,
        operation: Operation,
        mode: Mode,
    ) -> Result<OperationView, Failure> {
        let quote = self.ask(QuoteOperation { operation: operation.clone() }).await?;
        self.ask(PerformOperation { id, operation, agreed: quote.worst_cost, mode }).await
    }

    async fn emissions(&self) -> Result<Value, Failure> {
        let balance = self.ask(BalanceQuery {}).await?;
        let emissions: Vec<_> = balance
            .stakes
            .iter()
            .map(|stake| {
                json!({
                    "hotkey": stake.hotkey,
                    "netuid": stake.netuid,
                    "emission_per_epoch": stake.emission_per_epoch,
                    "emission_per_day": stake.emission_per_day,
                    "price": stake.price,
                })
            })
            .collect();
        Ok(json!({ "block": balance.block, "emissions": emissions }))
    }

    async fn price(&self, wanted: PriceWanted) -> Result<Value, Failure> {
        let amount = Rao(amount("amount", &wanted.amount)?);
        let hotkey = self.own_hotkey().await?;
        let netuid = netuid(wanted.netuid);
        let operation = Operation::AddStake { hotkey, netuid, amount, bound: PriceBound::None };
        let quote = self.ask(QuoteOperation { operation }).await?;
        Ok(json!({ "block": quote.block, "netuid": netuid, "swap": quote.swap, "fee": quote.fee }))
    }

    async fn propose_transfer(&self, wanted: TransferWanted) -> Result<OperationView, Failure> {
        let to = address("to", &wanted.to)?;
        let amount = Rao(amount("amount", &wanted.amount)?);
        self.propose(Operation::Transfer { to, amount }, wanted.dry_run).await
    }

    async fn propose_stake(&self, wanted: StakeWanted, add: bool) -> Result<OperationView, Failure> {
        let amount = amount("amount", &wanted.amount)?;
        let hotkey = self.hotkey(wanted.hotkey.as_deref()).await?;
        let netuid = netuid(wanted.netuid);
        let bound = wanted.max_slippage_bp.map_or(PriceBound::Policy, PriceBound::SlippageBp);
        let operation = if add {
            Operation::AddStake { hotkey, netuid, amount: Rao(amount), bound }
        } else {
            Operation::RemoveStake { hotkey, netuid, amount: AlphaRao(amount), bound }
        };
        self.propose(operation, wanted.dry_run).await
    }

    async fn propose_register(&self, wanted: RegistrationWanted) -> Result<OperationView, Failure> {
        let max_cost = Rao(amount("max_cost", &wanted.max_cost)?);
        let hotkey = self.hotkey(wanted.hotkey.as_deref()).await?;
        self.propose(Operation::Register { netuid: netuid(wanted.netuid), hotkey, max_cost }, wanted.dry_run).await
    }

    async fn propose(&self, operation: Operation, dry_run: bool) -> Result<OperationView, Failure> {
        let mode = if dry_run { Mode::DryRun } else { Mode::Propose };
        self.perform(new_id(), operation, mode).await
    }

    async fn hotkey(&self, named: Option<&str>) -> Result<Ss58, Failure> {
        match named {
            Some(text) => address("hotkey", text),
            None => self.own_hotkey().await,
        }
    }

    async fn own_hotkey(&self) -> Result<Ss58, Failure> {
        let status = self.ask(WalletStatusQuery {}).await?;
        status.hotkey.ok_or_else(|| Failure::invalid("hotkey: the wallet's own is not on this host: name one"))
    }
}

/// An id that no other operation has.
pub(super) fn new_id() -> OperationId {
    OperationId::new(crate::service::unix_ms(), rand::random())
}
