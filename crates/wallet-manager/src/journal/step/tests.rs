use common::money::AlphaRao;
use proptest::prelude::*;

use super::*;

fn id() -> OperationId {
    OperationId::new(1, [7; 10])
}

fn wanted() -> Step {
    Step::Wanted(Wanted {
        operation: Operation::Transfer { to: ss58::encode(&[1; 32]), amount: Rao(5) },
        origin: Origin::Operator,
        mode: Mode::Submit,
        agreed: Rao(9),
        worst_cost: Rao(6),
        value: Rao(5),
    })
}

fn prepared() -> Step {
    Step::Prepared { worst_cost: Rao(7), value: Rao(5), nonce: 3, dies: 40 }
}

fn signed() -> Signed {
    Signed { bytes: vec![1, 2, 3], hash: BlockHash([9; 32]), account: [4; 32], nonce: 3, born: 8, dies: 40 }
}

fn after(steps: Vec<Step>) -> Result<Record, OutOfOrder> {
    let mut steps = steps.into_iter();
    let first = Record::begin(id(), 1, steps.next().unwrap())?;
    steps.zip(2..).try_fold(first, |record, (step, unix_ms)| record.then(unix_ms, step))
}

#[test]
fn a_signed_transaction_is_read_as_it_was_written() {
    assert_eq!(SignedStep::of(&signed()).signed(), Some(signed()));
}

#[test]
fn every_step_is_read_as_it_was_written() {
    let steps = [
        wanted(),
        Step::Approved { by_code: true },
        Step::Rejected,
        prepared(),
        Step::Signed(SignedStep::of(&signed())),
        Step::Interrupted,
        Step::Done(Receipt { alpha_in: AlphaRao(3), ..Receipt::default() }),
        Step::Failed { problem: "no".into() },
        Step::Unknown { check: "look".into() },
    ];

    for step in steps {
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step, "{json}");
    }
}

#[test]
fn from_the_moment_it_is_prepared_a_value_counts_as_spent_until_it_is_certain_that_it_is_not() {
    let sign = || Step::Signed(SignedStep::of(&signed()));
    let failed = || Step::Failed { problem: String::new() };
    let unknown = || Step::Unknown { check: String::new() };
    let spent = |steps| after(steps).unwrap().is_spent();

    assert!(!spent(vec![wanted()]));
    assert!(spent(vec![wanted(), prepared()]));
    assert!(!spent(vec![wanted(), prepared(), Step::Interrupted]));
    assert!(spent(vec![wanted(), prepared(), sign()]));
    assert!(!spent(vec![wanted(), prepared(), sign(), failed()]));
    assert!(spent(vec![wanted(), prepared(), sign(), unknown()]));
    assert!(spent(vec![wanted(), prepared(), sign(), Step::Done(Receipt::default())]));
}

#[test]
fn what_may_still_take_effect_is_pending_until_its_last_block_is_final() {
    let record = after(vec![
        wanted(),
        prepared(),
        Step::Signed(SignedStep::of(&signed())),
        Step::Unknown { check: String::new() },
    ])
    .unwrap();

    assert!(record.is_pending(39));
    assert!(!record.is_pending(40));
}

#[test]
fn an_interrupted_operation_may_begin_anew() {
    let record = after(vec![wanted(), prepared(), Step::Interrupted, prepared()]).unwrap();

    assert_eq!(record.phase, Phase::Prepared);
    assert_eq!(record.wanted.worst_cost, Rao(7));
}

#[test]
fn nothing_is_signed_that_was_not_prepared() {
    let sign = || Step::Signed(SignedStep::of(&signed()));

    assert!(after(vec![wanted(), sign()]).is_err());
    assert!(after(vec![wanted(), prepared(), sign(), prepared()]).is_err());
    assert!(after(vec![wanted(), Step::Rejected, prepared()]).is_err());
    assert!(after(vec![prepared()]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_steps_signs_twice(order in proptest::collection::vec(0..9_usize, 0..12)) {
        let step = |number| match number {
            0 => wanted(),
            1 => Step::Approved { by_code: false },
            2 => Step::Rejected,
            3 => prepared(),
            4 => Step::Signed(SignedStep::of(&signed())),
            5 => Step::Interrupted,
            6 => Step::Done(Receipt::default()),
            7 => Step::Failed { problem: String::new() },
            _ => Step::Unknown { check: String::new() },
        };
        let mut record = Record::begin(id(), 0, wanted()).unwrap();
        let mut signatures = 0;
        for number in order {
            if let Ok(next) = record.clone().then(1, step(number)) {
                signatures += usize::from(number == 4);
                record = next;
            }
        }
        prop_assert!(signatures <= 1);
    }
}
