//! docs/IPC.md is golden: its examples are what the daemons write, and every call has a request and a reply there.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use common::call::miner::refusals::ExplainRefusals;
use common::call::miner::{MinerCall, MinerStatusQuery};
use common::call::task::{
    AnswerPiece, BudgetQuery, CheckVendors, ConfirmClock, ExplainTask, ListModels, ReportEarnings, SetPaused,
    StreamTask, SubmitTask, TaskCall, TaskHandlerStatusQuery,
};
use common::call::tracker::{
    Beat, ListAlerts, ListEvents, RecordEntries, TakeApprovals, TrackerCall, TrackerStatusQuery,
};
use common::call::wallet::balance::{BalanceQuery, EarningsQuery};
use common::call::wallet::operation::{
    ApproveOperation, ListOperations, OperationQuery, PerformOperation, QuoteOperation, RejectOperation,
};
use common::call::wallet::{ConfirmTotp, EnrolTotp, Lock, Unlock, WalletCall, WalletStatusQuery};
use common::ipc::{Call, ClientFrame, Event, FRAME_LIMIT, FaultCode, PROTOCOL, Reply, Request, Response, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;

const DOCUMENT: &str = include_str!("../../../docs/IPC.md");

/// A block of JSON under a heading such as `SubmitTask request`, `SubmitTask reply: declined` or `Cancel frame`.
#[derive(Debug)]
struct Example {
    name: String,
    part: String,
    json: String,
}

/// Makes the test of a service's calls. A call that is not listed does not compile.
macro_rules! documented {
    ($test:ident, $service:ident { $($call:ident)* }) => {
        #[test]
        fn $test() {
            let name_of = |call: &$service| match call {
                $($service::$call(_) => stringify!($call),)*
            };

            $(check_call::<$call>(stringify!($call), name_of);)*
        }
    };
}

documented!(the_calls_of_miner_daemon_are_documented, MinerCall { MinerStatusQuery ExplainRefusals });
documented!(the_calls_of_task_handler_are_documented, TaskCall { SubmitTask StreamTask SetPaused TaskHandlerStatusQuery CheckVendors ListModels ExplainTask BudgetQuery ConfirmClock ReportEarnings });
documented!(the_calls_of_tracker_are_documented, TrackerCall { RecordEntries Beat TrackerStatusQuery ListAlerts ListEvents TakeApprovals });
documented!(the_calls_of_wallet_manager_are_documented, WalletCall { WalletStatusQuery Unlock Lock EnrolTotp ConfirmTotp QuoteOperation PerformOperation OperationQuery ListOperations ApproveOperation RejectOperation BalanceQuery EarningsQuery });

#[test]
fn the_frames_of_the_envelope_are_documented() {
    for name in ["Request", "Cancel"] {
        let json = the_only(name, "frame");
        let frame: ClientFrame<TaskCall> = read(&json);
        let written = match &frame {
            ClientFrame::Request(_) => "Request",
            ClientFrame::Cancel(_) => "Cancel",
        };
        assert_eq!(written, name);
        assert_same(&json, &frame);
    }
    for name in ["Hello", "Response", "Event", "Fault"] {
        let json = the_only(name, "frame");
        let frame: ServerFrame = read(&json);
        let written = match &frame {
            ServerFrame::Hello(_) => "Hello",
            ServerFrame::Response(Response { reply: Reply::Ok(_), .. }) => "Response",
            ServerFrame::Response(Response { reply: Reply::Fault(_), .. }) => "Fault",
            ServerFrame::Event(_) => "Event",
        };
        assert_eq!(written, name);
        assert_same(&json, &frame);
    }
}

#[test]
fn every_fault_code_is_explained() {
    let listed = |code| match code {
        FaultCode::Invalid
        | FaultCode::Denied
        | FaultCode::Overloaded
        | FaultCode::Unavailable
        | FaultCode::Timeout
        | FaultCode::Internal => code,
    };
    let codes = [
        FaultCode::Invalid,
        FaultCode::Denied,
        FaultCode::Overloaded,
        FaultCode::Unavailable,
        FaultCode::Timeout,
        FaultCode::Internal,
    ];

    for code in codes.map(listed) {
        let retry = if code.is_retryable() { "yes" } else { "no" };
        let row = format!("| `{}` | {retry}", code.name());
        assert!(DOCUMENT.contains(&row), "the table of faults has no row that starts with: {row}");
    }
}

#[test]
fn the_numbers_are_those_of_the_code() {
    assert_eq!(FRAME_LIMIT, 4 * 1024 * 1024);
    assert!(DOCUMENT.contains("4 MiB"));
    assert!(DOCUMENT.contains(&format!("`protocol` is {PROTOCOL}")));
}

#[test]
fn every_example_is_checked() {
    let calls = [
        "MinerStatusQuery",
        "ExplainRefusals",
        "SubmitTask",
        "StreamTask",
        "SetPaused",
        "TaskHandlerStatusQuery",
        "CheckVendors",
        "ListModels",
        "ExplainTask",
        "BudgetQuery",
        "ConfirmClock",
        "ReportEarnings",
        "RecordEntries",
        "Beat",
        "TrackerStatusQuery",
        "ListAlerts",
        "ListEvents",
        "TakeApprovals",
        "WalletStatusQuery",
        "Unlock",
        "Lock",
        "EnrolTotp",
        "ConfirmTotp",
        "QuoteOperation",
        "PerformOperation",
        "OperationQuery",
        "ListOperations",
        "ApproveOperation",
        "RejectOperation",
        "BalanceQuery",
        "EarningsQuery",
    ];
    let frames = ["Request", "Cancel", "Hello", "Response", "Event", "Fault"];

    for Example { name, part, .. } in examples() {
        let known = match part.as_str() {
            "request" | "reply" => calls.contains(&name.as_str()),
            "piece" => name == "StreamTask",
            "frame" => frames.contains(&name.as_str()),
            _ => false,
        };
        assert!(known, "the heading `{name} {part}` names nothing that a test checks");
    }
}

#[test]
fn the_piece_of_a_streamed_answer_is_documented() {
    let json = the_only("StreamTask", "piece");
    let frame: ServerFrame = read(&json);
    let ServerFrame::Event(Event { event, .. }) = &frame else { panic!("the piece is no event frame") };

    let piece: AnswerPiece = read(event.get());

    assert_same(event.get(), &piece);
    assert_same(&json, &frame);
}

/// Checks the examples of one call: whole frames, of the call's own types, and exactly as they are written.
fn check_call<C: Call>(name: &str, name_of: impl Fn(&C::Service) -> &'static str) {
    for json in all(name, "request") {
        let frame: ClientFrame<C::Service> = read(&json);
        match &frame {
            ClientFrame::Request(Request { call, .. }) => assert_eq!(name_of(call), name),
            ClientFrame::Cancel(_) => panic!("the request of {name} is a cancel frame"),
        }
        assert_same(&json, &frame);
    }
    for json in all(name, "reply") {
        let frame: ServerFrame = read(&json);
        let ServerFrame::Response(Response { reply: Reply::Ok(output), .. }) = frame else {
            panic!("the reply of {name} is no response with an output");
        };
        let typed: C::Output = read(output.get());
        assert_same(output.get(), &typed);
    }
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
}

/// The example is, but for white space, what the code writes: the same keys and values in the same order.
fn assert_same<T: Serialize>(example: &str, typed: &T) {
    let example: serde_json::Value = read(example);
    let typed: serde_json::Value = read(&serde_json::to_string(typed).unwrap());
    assert_eq!(example.to_string(), typed.to_string());
}

fn the_only(name: &str, part: &str) -> String {
    let mut found = all(name, part);
    assert_eq!(found.len(), 1, "one example of `{name} {part}` is expected");
    found.remove(0)
}

fn all(name: &str, part: &str) -> Vec<String> {
    let found: Vec<_> = examples().into_iter().filter(|e| e.name == name && e.part == part).map(|e| e.json).collect();
    assert!(!found.is_empty(), "docs/IPC.md has no example under a heading `{name} {part}`");
    found
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut heading = "";
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix('#') {
            heading = text.trim_start_matches('#').trim();
        }
        if line == "```json" {
            let (name, rest) = heading.split_once(' ').unwrap_or((heading, ""));
            let part = rest.split(':').next().unwrap_or(rest);
            let json: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            examples.push(Example { name: name.into(), part: part.into(), json: json.join("\n") });
        }
    }
    examples
}
