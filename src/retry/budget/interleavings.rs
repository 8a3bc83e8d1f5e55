use loom::{sync::Arc, thread};

use super::*;

/// How many of two threads could withdraw a retry at these times.
fn withdrawn(budget: &Arc<RetryBudget>, moments: [Instant; 2]) -> u32 {
    let threads = moments.map(|now| {
        let budget = Arc::clone(budget);
        thread::spawn(move || u32::from(budget.withdraw_at(now)))
    });
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

#[test]
fn one_retry_is_given_to_one_caller() {
    loom::model(|| {
        let budget = Arc::new(RetryBudget::new(0.0, 0.0, 1));
        assert_eq!(withdrawn(&budget, [Instant::now(); 2]), 1);
    });
}

#[test]
fn no_deposit_is_lost_and_none_counts_twice() {
    loom::model(|| {
        let budget = Arc::new(RetryBudget::new(0.5, 0.0, 2));
        let now = Instant::now();
        assert!(budget.withdraw_at(now) && budget.withdraw_at(now));
        let depositors = [(); 2].map(|()| {
            let budget = Arc::clone(&budget);
            thread::spawn(move || budget.deposit())
        });
        let early = budget.withdraw_at(now);
        for thread in depositors {
            thread.join().unwrap();
        }
        let late = budget.withdraw_at(now);
        assert!(early ^ late, "two halves are one retry");
    });
}

#[test]
fn the_same_second_is_paid_once() {
    loom::model(|| {
        let budget = Arc::new(RetryBudget::new(0.0, 1.0, 2));
        let now = Instant::now();
        assert!(budget.withdraw_at(now) && budget.withdraw_at(now));
        let later = now + Duration::from_secs(1);
        assert_eq!(withdrawn(&budget, [later; 2]), 1);
    });
}
