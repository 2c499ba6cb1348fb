//! Tasks in work and tasks just finished: a task that comes again is not run again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::id::TaskId;
use common::ipc::{Fault, FaultCode};
use common::outcome::{TaskAnswer, TaskFailure};
use tokio::sync::watch;

/// Answers that are remembered; a caller asks again within seconds or not at all.
const REMEMBERED: usize = 512;

/// What a task came to. A fault is not remembered: nothing was spent, and the task may be sent again.
pub type Outcome = Result<TaskAnswer, Fault>;

/// All tasks in work and the last finished ones. Clones share them.
#[derive(Clone, Debug)]
pub struct Flights {
    board: Arc<Mutex<Board>>,
}

#[derive(Debug)]
struct Board {
    most: usize,
    running: HashMap<TaskId, watch::Receiver<Option<Outcome>>>,
    done: HashMap<TaskId, TaskAnswer>,
    /// The finished ones, oldest first.
    order: VecDeque<TaskId>,
}

/// What a task is to do that has just come in.
#[derive(Debug)]
pub enum Boarding {
    /// Run.
    First(Flight),
    /// Wait for the one that runs.
    Second(Follower),
    /// Nothing: this is the answer.
    Done(TaskAnswer),
    /// Too many tasks are in work.
    Full,
}

/// The right to run a task. Dropping it without an outcome says that its caller hung up.
#[derive(Debug)]
pub struct Flight {
    id: TaskId,
    board: Arc<Mutex<Board>>,
    outcome: watch::Sender<Option<Outcome>>,
}

/// Waits for the outcome of a task that runs already.
#[derive(Debug)]
pub struct Follower(watch::Receiver<Option<Outcome>>);

impl Flights {
    /// Makes room for `most` tasks in work.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let board = Board { most, running: HashMap::new(), done: HashMap::new(), order: VecDeque::new() };
        Self { board: Arc::new(Mutex::new(board)) }
    }

    /// Takes in a task.
    #[must_use]
    pub fn board(&self, id: TaskId) -> Boarding {
        let mut board = lock(&self.board);
        if let Some(answer) = board.done.get(&id) {
            return Boarding::Done(answer.clone());
        }
        if let Some(outcome) = board.running.get(&id) {
            return Boarding::Second(Follower(outcome.clone()));
        }
        if board.running.len() >= board.most {
            return Boarding::Full;
        }
        let (outcome, follower) = watch::channel(None);
        board.running.insert(id, follower);
        Boarding::First(Flight { id, board: Arc::clone(&self.board), outcome })
    }

    /// Returns how many tasks are in work.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        lock(&self.board).running.len()
    }
}

impl Flight {
    /// Tells the outcome to all who wait for it, and remembers it.
    pub fn land(self, outcome: &Outcome) {
        self.end(outcome.clone());
    }

    fn end(&self, outcome: Outcome) {
        let mut board = lock(&self.board);
        board.running.remove(&self.id);
        if let Ok(answer) = &outcome {
            board.remember(self.id, answer.clone());
        }
        drop(board);
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.outcome.borrow().is_none() {
            self.end(Ok(TaskAnswer::Failed(TaskFailure::Cancelled)));
        }
    }
}

impl Follower {
    /// Waits for the outcome.
    pub async fn outcome(mut self) -> Outcome {
        let gone = || Err(Fault::new(FaultCode::Internal, "the task ended without an outcome"));
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(gone),
            Err(_) => gone(),
        }
    }
}

impl Board {
    fn remember(&mut self, id: TaskId, answer: TaskAnswer) {
        self.done.insert(id, answer);
        self.order.push_back(id);
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.done.remove(&oldest);
            }
        }
    }
}

/// Nothing is left half done under the lock, so a panic elsewhere does not spoil the board.
fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use common::outcome::DeclineReason;

    use super::*;

    fn id(number: u64) -> TaskId {
        TaskId::new(number, [0; 10])
    }

    fn first(flights: &Flights, id: TaskId) -> Flight {
        let Boarding::First(flight) = flights.board(id) else { panic!("{id} is not the first") };
        flight
    }

    fn answer() -> TaskAnswer {
        TaskAnswer::Declined(DeclineReason::Paused)
    }

    #[test]
    fn a_finished_task_gets_its_first_answer_again() {
        let flights = Flights::new(1);

        first(&flights, id(1)).land(&Ok(answer()));

        assert!(matches!(flights.board(id(1)), Boarding::Done(again) if again == answer()));
        assert_eq!(flights.in_flight(), 0);
    }

    #[tokio::test]
    async fn a_task_in_work_is_joined() {
        let flights = Flights::new(1);
        let flight = first(&flights, id(1));
        let Boarding::Second(follower) = flights.board(id(1)) else { panic!("not joined") };

        flight.land(&Ok(answer()));

        assert_eq!(follower.outcome().await, Ok(answer()));
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_ends_the_task_for_all() {
        let flights = Flights::new(1);
        let flight = first(&flights, id(1));
        let Boarding::Second(follower) = flights.board(id(1)) else { panic!("not joined") };

        drop(flight);

        assert_eq!(follower.outcome().await, Ok(TaskAnswer::Failed(TaskFailure::Cancelled)));
        assert!(matches!(flights.board(id(1)), Boarding::Done(TaskAnswer::Failed(TaskFailure::Cancelled))));
    }

    #[test]
    fn a_task_beyond_the_bound_is_turned_away() {
        let flights = Flights::new(1);
        let flight = first(&flights, id(1));

        assert!(matches!(flights.board(id(2)), Boarding::Full));
        drop(flight);
        assert!(matches!(flights.board(id(2)), Boarding::First(_)));
    }

    #[test]
    fn a_fault_is_not_remembered() {
        let flights = Flights::new(1);

        first(&flights, id(1)).land(&Err(Fault::new(FaultCode::Internal, "disk full")));

        assert!(matches!(flights.board(id(1)), Boarding::First(_)));
    }

    #[test]
    fn the_oldest_answers_are_forgotten() {
        let flights = Flights::new(1);

        for number in 0..=REMEMBERED as u64 {
            first(&flights, id(number)).land(&Ok(answer()));
        }

        assert!(matches!(flights.board(id(1)), Boarding::Done(_)));
        assert!(matches!(flights.board(id(0)), Boarding::First(_)));
    }
}
