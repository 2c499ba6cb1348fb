//! The calls of task-handler's socket.

use std::sync::atomic::{AtomicBool, Ordering};

use common::call::task::{
    BudgetQuery, BudgetReport, CheckVendors, ConfirmClock, EarningsNoted, ExplainTask, ListModels, ReportEarnings,
    SetPaused, StreamTask, SubmitTask, TaskCall, TaskHandlerStatus, TaskHandlerStatusQuery,
};
use common::call::tracker::Wishes;
use common::decision::Explanation;
use common::id::TaskId;
use common::ipc::{Fault, FaultCode, Reply};
use common::outcome::TaskAnswer;
use common::task::Task;
use daemon_kit::ipc::{CallContext, EventSender, Service};
use daemon_kit::{Daemon, StoreError};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::catalogue::Catalogue;
use crate::chain::chain;
use crate::decision_log::ExplainError;
use crate::flights::{Boarding, Flights};
use crate::ledger::Clock;
use crate::pipeline::Pipeline;
use crate::vendor_checks::Checker;

/// What stands behind the socket.
#[derive(Debug)]
pub struct TaskHandler {
    daemon: Daemon,
    pipeline: Pipeline,
    checker: Checker,
    catalogue: Catalogue,
    flights: Flights,
    wishes: watch::Receiver<Wishes>,
    /// The operator's switch as the ledger has it.
    paused: AtomicBool,
    /// Held while the switch is thrown, so that ledger and memory agree.
    pausing: Mutex<()>,
    clock: Clock,
}

impl TaskHandler {
    /// Puts the service together; `paused` is the switch as the ledger has it.
    #[must_use]
    pub fn new(
        daemon: Daemon,
        pipeline: Pipeline,
        checker: Checker,
        catalogue: Catalogue,
        wishes: watch::Receiver<Wishes>,
        paused: bool,
        clock: Clock,
    ) -> Self {
        let most = usize::try_from(daemon.config.miner.server.max_in_flight).unwrap_or(usize::MAX);
        let (flights, paused, pausing) = (Flights::new(most), AtomicBool::new(paused), Mutex::new(()));
        Self { daemon, pipeline, checker, catalogue, flights, wishes, paused, pausing, clock }
    }

    /// `reader` is told pieces of the answer as they come.
    async fn submit(&self, task: Task, reader: Option<&EventSender>, deadline: Instant) -> Result<TaskAnswer, Fault> {
        match self.flights.board(task.id) {
            Boarding::Done(answer) => Ok(answer),
            Boarding::Second(follower) => follower.outcome().await,
            Boarding::Full => Err(Fault::new(FaultCode::Overloaded, "too many tasks are in work")),
            Boarding::First(flight) => {
                let outcome = self.pipeline.run(&task, self.is_paused(), reader, deadline).await;
                flight.land(&outcome);
                outcome
            }
        }
    }

    /// Either the operator's own switch or the wish told to tracker holds.
    fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire) || self.wishes.borrow().paused
    }

    async fn set_paused(&self, paused: bool) -> Result<TaskHandlerStatus, Fault> {
        let pausing = self.pausing.lock().await;
        self.pipeline.ledger().set_paused(paused).await.map_err(|error| ledger_fault(&error))?;
        self.paused.store(paused, Ordering::Release);
        drop(pausing);
        tracing::info!(paused, "Operator has set the pause");
        self.status().await
    }

    async fn status(&self) -> Result<TaskHandlerStatus, Fault> {
        Ok(TaskHandlerStatus {
            process: self.daemon.process_status(),
            paused: self.is_paused(),
            in_flight: u32::try_from(self.flights.in_flight()).unwrap_or(u32::MAX),
            limits: self.pipeline.ledger().limits().await.map_err(|error| ledger_fault(&error))?,
            models: self.pipeline.models().states(Instant::now(), self.clock.now_ms()),
        })
    }
}

impl TaskHandler {
    async fn budget(&self) -> Result<BudgetReport, Fault> {
        self.pipeline.ledger().report().await.map_err(|error| ledger_fault(&error))
    }

    async fn explain(&self, task: TaskId) -> Result<Explanation, Fault> {
        self.pipeline.intelligence().explain(task).await.map_err(|error| {
            let code = match &error {
                ExplainError::Unknown => FaultCode::Invalid,
                ExplainError::Unreadable(_) | ExplainError::Store(_) => FaultCode::Internal,
                ExplainError::Closed => FaultCode::Unavailable,
            };
            Fault::new(code, chain(&error))
        })
    }

    async fn confirm_clock(&self) -> Result<BudgetReport, Fault> {
        self.pipeline.ledger().confirm_clock().await.map_err(|error| ledger_fault(&error))?;
        self.budget().await
    }

    async fn report_earnings(&self, call: ReportEarnings) -> Result<EarningsNoted, Fault> {
        let is_newest = self.pipeline.ledger().report_earnings(call.earnings).await;
        is_newest.map(|is_newest| EarningsNoted { is_newest }).map_err(|error| ledger_fault(&error))
    }
}

impl Service for TaskHandler {
    type Call = TaskCall;

    async fn handle(&self, call: TaskCall, context: CallContext) -> Reply {
        match call {
            TaskCall::SubmitTask(call) => Reply::of::<SubmitTask>(self.submit(call.task, None, context.deadline).await),
            TaskCall::StreamTask(call) => {
                Reply::of::<StreamTask>(self.submit(call.task, Some(&context.events), context.deadline).await)
            }
            TaskCall::SetPaused(call) => Reply::of::<SetPaused>(self.set_paused(call.paused).await),
            TaskCall::TaskHandlerStatusQuery(_) => Reply::of::<TaskHandlerStatusQuery>(self.status().await),
            TaskCall::CheckVendors(_) => {
                Reply::of::<CheckVendors>(self.checker.check(self.pipeline.clients(), context.deadline).await)
            }
            TaskCall::ExplainTask(call) => Reply::of::<ExplainTask>(self.explain(call.task).await),
            TaskCall::BudgetQuery(_) => Reply::of::<BudgetQuery>(self.budget().await),
            TaskCall::ConfirmClock(_) => Reply::of::<ConfirmClock>(self.confirm_clock().await),
            TaskCall::ReportEarnings(call) => Reply::of::<ReportEarnings>(self.report_earnings(call).await),
            TaskCall::ListModels(_) => Reply::of::<ListModels>(Ok(self.catalogue.list(self.clock.now_ms()))),
        }
    }
}

fn ledger_fault(error: &StoreError) -> Fault {
    Fault::new(FaultCode::Internal, format!("the ledger does not work: {}", chain(error)))
}
