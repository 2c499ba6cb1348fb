//! Stand-ins for task-handler and tracker.

use std::sync::Arc;

use common::call::task::{AnswerPiece, StreamTask, SubmitTask, TaskCall};
use common::call::tracker::{Beat, RecordEntries, Recorded, TrackerCall, Wishes};
use common::ipc::{Fault, FaultCode, Reply};
use common::outcome::{Answered, DeclineReason, TaskAnswer, TaskFailure, VendorFailure};
use common::record::Entry;
use common::task::Task;
use common::usage::TokenUsage;
use daemon_kit::ipc::{self, CallContext, Listener, Service};
use daemon_kit::{Home, Workers};
use serde_json::json;
use tokio::sync::mpsc;

/// What a stand-in has seen.
#[derive(Debug)]
pub(crate) enum Seen {
    /// A task came in.
    Began(Task),
    /// A task's caller went away.
    Cancelled,
}

/// Answers tasks as their last message says.
struct FakeTasks {
    seen: mpsc::Sender<Seen>,
}

/// Starts a task-handler; what it sees comes out of the channel.
pub(crate) fn start_tasks(home: &Home, workers: &Workers) -> mpsc::Receiver<Seen> {
    let (seen, receiver) = mpsc::channel(1000);
    let listener = Listener::bind(&home.socket("task-handler"), &[]).unwrap();
    let service = Arc::new(FakeTasks { seen });
    workers.spawn("fake-tasks", ipc::serve(listener, "task-handler", service, workers.clone()));
    receiver
}

impl Service for FakeTasks {
    type Call = TaskCall;

    async fn handle(&self, call: TaskCall, context: CallContext) -> Reply {
        if let TaskCall::StreamTask(StreamTask { task }) = call {
            return self.stream(task, context).await;
        }
        let TaskCall::SubmitTask(SubmitTask { task }) = call else {
            return Reply::Fault(Fault::new(FaultCode::Invalid, "not in this test"));
        };
        let prompt = task.messages.last().unwrap().content.clone();
        self.seen.try_send(Seen::Began(task)).unwrap();
        let answer = match prompt.as_str() {
            "decline" => TaskAnswer::Declined(DeclineReason::Paused),
            "fail" => TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Timeout)),
            "a number" => answered(json!(7)),
            "nothing" => answered(json!(" ")),
            "good" => answered(json!("good")),
            "very much" => answered(json!("x".repeat(3 * 1024 * 1024))),
            "hang" => {
                let _guard = TellOnDrop(self.seen.clone());
                std::future::pending().await
            }
            _ => answered(json!(format!("You said: {prompt}"))),
        };
        Reply::of::<SubmitTask>(Ok(answer))
    }
}

impl FakeTasks {
    /// Writes an answer word by word; `then ...` says what comes after the words.
    async fn stream(&self, task: Task, context: CallContext) -> Reply {
        let prompt = task.messages.last().unwrap().content.clone();
        self.seen.try_send(Seen::Began(task)).unwrap();
        let (words, then) = prompt.split_once(" then ").unwrap_or((&prompt, ""));
        let whole = format!("You said: {words}");
        for word in whole.split_inclusive(' ').filter(|_| then != "no pieces" && then != "decline") {
            if context.events.send(&AnswerPiece { text: word.to_owned() }).await.is_err() {
                self.seen.try_send(Seen::Cancelled).unwrap();
                break;
            }
        }
        let answer = match then {
            "decline" => TaskAnswer::Declined(DeclineReason::Paused),
            "fail" => TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Disconnected)),
            "more" => answered(json!(format!("{whole}, and more"))),
            "hang" => {
                let _guard = TellOnDrop(self.seen.clone());
                std::future::pending().await
            }
            "flood" => {
                let _guard = TellOnDrop(self.seen.clone());
                let text = "x".repeat(64 * 1024);
                while context.events.send(&AnswerPiece { text: text.clone() }).await.is_ok() {}
                std::future::pending().await
            }
            _ => answered(json!(whole)),
        };
        Reply::of::<StreamTask>(Ok(answer))
    }
}

fn answered(value: serde_json::Value) -> TaskAnswer {
    let (model, usage, cost) = ("model".into(), TokenUsage::default(), common::money::NanoUsd::default());
    TaskAnswer::Answered(Answered { value, model, usage, cost })
}

struct TellOnDrop(mpsc::Sender<Seen>);

impl Drop for TellOnDrop {
    fn drop(&mut self) {
        // At the end of a test nobody listens any more.
        let _ = self.0.try_send(Seen::Cancelled);
    }
}

/// Keeps what it is sent.
struct FakeTracker {
    entries: mpsc::Sender<Entry>,
}

/// Starts a tracker; what it records comes out of the channel.
pub(crate) fn start_tracker(home: &Home, workers: &Workers) -> mpsc::Receiver<Entry> {
    let (entries, receiver) = mpsc::channel(1000);
    let listener = Listener::bind(&home.socket("tracker"), &[]).unwrap();
    let service = Arc::new(FakeTracker { entries });
    workers.spawn("fake-tracker", ipc::serve(listener, "tracker", service, workers.clone()));
    receiver
}

impl Service for FakeTracker {
    type Call = TrackerCall;

    async fn handle(&self, call: TrackerCall, _context: CallContext) -> Reply {
        if let TrackerCall::Beat(_) = call {
            return Reply::of::<Beat>(Ok(Wishes::default()));
        }
        let TrackerCall::RecordEntries(RecordEntries { entries }) = call else {
            return Reply::Fault(Fault::new(FaultCode::Invalid, "not in this test"));
        };
        let ids = entries.iter().map(|entry| entry.id).collect();
        for entry in entries {
            self.entries.try_send(entry).unwrap();
        }
        Reply::of::<RecordEntries>(Ok(Recorded { ids }))
    }
}
