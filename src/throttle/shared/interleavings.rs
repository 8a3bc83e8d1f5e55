use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Wake,
};

use loom::thread;

use super::*;

/// Counts, and locks the limiter: whoever wakes must not hold the lock.
struct Count(AtomicUsize, Shared);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.1.with(|limiter, _, _| limiter.waiting());
        self.0.fetch_add(1, SeqCst);
    }
}

/// A throttle without a permit, so slow that no time passes, and a time at which it has one again.
fn empty() -> (Shared, f64) {
    let shared = Shared::new(Settings { first_rate: 1.0 / 60.0, ..Settings::DEFAULT });
    assert!(shared.take(0.0));
    (shared, 60.0)
}

fn waiting(shared: &Shared) -> (Position, Arc<Count>) {
    let count = Arc::new(Count(AtomicUsize::new(0), shared.clone()));
    let mut position = Position::new(shared.clone(), None, 0.0);
    let polled = poll(&mut position, &count, 0.0);
    assert!(matches!(polled, Polled::Pending(_)));
    (position, count)
}

fn poll(position: &mut Position, count: &Arc<Count>, now: f64) -> Polled {
    let waker = Waker::from(Arc::clone(count));
    position.poll(now, &mut Context::from_waker(&waker))
}

#[test]
fn a_call_that_is_dropped_while_it_is_woken_wakes_the_next() {
    loom::model(|| {
        let (shared, later) = empty();
        let (first, _) = waiting(&shared);
        let (mut second, woken) = waiting(&shared);
        let waker = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.at(later, |limiter, now, wakers| {
                    limiter.advance(now);
                    limiter.resume(now, wakers);
                })
            })
        };
        drop(first);
        waker.join().unwrap();
        assert_eq!(woken.0.load(SeqCst), 1);
        assert_eq!(poll(&mut second, &woken, later), Polled::Permit);
        assert_eq!(shared.with(|limiter, _, _| limiter.waiting()), 0);
    });
}

#[test]
fn a_permit_is_taken_once() {
    loom::model(|| {
        let (shared, later) = empty();
        let (mut first, first_woken) = waiting(&shared);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.take(later))
        };
        let polled = poll(&mut first, &first_woken, later);
        // A call that comes does not take the permit of one that waits.
        assert_eq!((polled, other.join().unwrap()), (Polled::Permit, false));
    });
}

#[test]
fn a_response_and_a_waiting_call_do_not_block_each_other() {
    loom::model(|| {
        let (shared, later) = empty();
        let (mut call, woken) = waiting(&shared);
        let response = {
            let shared = shared.clone();
            thread::spawn(move || {
                let report = Report { outcome: Outcome::Throttled, names_limit: true, retry_after: None };
                shared.report(report, 0.0)
            })
        };
        let polled = poll(&mut call, &woken, later);
        assert!(response.join().unwrap());
        assert_eq!(polled, Polled::Permit);
        assert_eq!(shared.with(|limiter, _, _| (limiter.waiting(), limiter.counts.throttled)), (0, 1));
    });
}
