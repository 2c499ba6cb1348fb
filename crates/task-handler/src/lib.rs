//! task-handler: decides about tasks, keeps the budget, calls vendors, formats answers.

pub mod ledger;
