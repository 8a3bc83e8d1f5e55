//! A request that is not idempotent takes effect at most once under any fault.

use std::{
    collections::HashMap,
    env,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response};
use http_body_util::Full;
use tokio::runtime::Builder;
use tower::ServiceExt;
use tower_oss::{Error, RetryPolicy, error::RetryStop};

use crate::{
    clients::{Stack, policy},
    deeds::Deed,
    http1, http2,
    outcome::start,
    stacks::counted,
};

/// How often each operation was received, and how often it took effect.
type Accounts = Arc<Mutex<HashMap<String, (u64, usize)>>>;

/// What the server does with a request: random, but the same for the same seed.
fn deed(accounts: &Accounts, seed: u64, target: &str) -> Deed {
    let mut accounts = accounts.lock().unwrap();
    let (visits, applied) = accounts.entry(target.split('?').next().unwrap().to_owned()).or_default();
    let operation: u64 = target.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    let mut random = fastrand::Rng::with_seed(seed ^ operation << 8 ^ *visits);
    let deed = Deed::random(&mut random);
    *visits += 1;
    *applied += usize::from(deed.is_applied(&mut random));
    deed
}

fn serve(version: &str, seed: u64, accounts: &Accounts) -> String {
    let accounts = Arc::clone(accounts);
    let (address, _) = if version == "HTTP/1.1" {
        let reply: http1::Reply = Arc::new(move |target| deed(&accounts, seed, target).over_http1());
        start(move |stream, counts| http1::serve(stream, counts, Arc::clone(&reply)))
    } else {
        let reply: http2::Reply = Arc::new(move |target| deed(&accounts, seed, target).over_http2());
        start(move |stream, counts| http2::serve(stream, counts, Arc::clone(&reply)))
    };
    format!("http://{address}")
}

/// Does one operation: POST is an append, which is not idempotent, and PUT is.
async fn operate(stack: &Stack, method: Method, url: String) -> Result<Response<Bytes>, Error> {
    let request = Request::builder().method(method).uri(url).body(Full::default()).unwrap();
    stack.clone().oneshot(request).await
}

fn without_budget() -> RetryPolicy {
    policy().without_budget()
}

/// The results of operations with one client.
#[derive(Debug, Default)]
struct Sums {
    succeeded: usize,
    failed: usize,
    /// Operations that were received more than once, and all requests beyond the first.
    retried: usize,
    retries: u64,
    applied_twice: usize,
}

fn operations() -> usize {
    env::var("OPERATIONS").map_or(1000, |operations| operations.parse().unwrap())
}

fn run(method: &Method, seed: u64) -> Vec<Sums> {
    counted(without_budget)
        .map(|(version, stack, sent)| {
            let accounts = Accounts::default();
            let url = serve(version, seed, &accounts);
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let results: Vec<_> = runtime.block_on(async {
                let (stack, url) = (&stack, &url);
                stream::iter(0..operations())
                    .map(|n| async move { (n, operate(stack, method.clone(), format!("{url}/{n}")).await) })
                    .buffer_unordered(64)
                    .collect()
                    .await
            });
            std::thread::sleep(Duration::from_millis(100)); // the last request may still be read
            let accounts = accounts.lock().unwrap();
            let timeouts =
                results.iter().filter(|(_, result)| result.as_ref().is_err_and(Error::is_timeout)).count();
            let visits: u64 = accounts.values().map(|(visits, _)| visits).sum();
            let sent = sent.load(Relaxed) as u64;
            // A request that timed out, or on a lost HTTP/2 connection, may not have reached the
            // server.
            let lost = if version == "HTTP/2" { sent } else { timeouts as u64 * 3 };
            assert!(visits <= sent && visits + lost >= sent, "{visits} of {sent} came, {version}");
            sum(method, &results, &accounts)
        })
        .into()
}

type Outcomes = [(usize, Result<Response<Bytes>, Error>)];

fn sum(method: &Method, results: &Outcomes, accounts: &HashMap<String, (u64, usize)>) -> Sums {
    let mut sums = Sums::default();
    for (n, result) in results {
        let (visits, applied) = accounts.get(&format!("/{n}")).copied().unwrap_or_default();
        sums.retried += usize::from(visits > 1);
        sums.retries += visits.saturating_sub(1);
        sums.applied_twice += usize::from(applied > 1);
        match result {
            Ok(_) => {
                sums.succeeded += 1;
                assert!(applied > 0, "operation {n} has succeeded, and the server knows nothing of it");
            }
            Err(error) => {
                sums.failed += 1;
                let is_told = *method == Method::PUT || may_be_applied(error);
                assert!(applied == 0 || is_told, "operation {n} has taken effect: {error:?}");
                // The error of a success's body comes from reading it, and has no attempts.
                let attempts = error.retry_stop().map_or(u64::MAX, |_| error.attempts().into());
                assert!(visits <= attempts, "operation {n} came {visits} times: {error:?}");
            }
        }
    }
    assert_eq!(sums.succeeded + sums.failed, operations());
    sums
}

/// Whether this error means an unknown outcome.
fn may_be_applied(error: &Error) -> bool {
    // The policy does not see the error of a success's body.
    error.retry_stop().is_none_or(|stop| stop == RetryStop::OutcomeUnknown) || error.after_ambiguous_attempt()
}

#[test]
fn an_append_takes_effect_at_most_once_under_random_faults() {
    for sums in run(&Method::POST, 1) {
        println!("append: {sums:?}");
        assert_eq!(sums.applied_twice, 0, "{sums:?}");
        assert!(sums.retried * 20 > operations(), "what was surely not applied is retried: {sums:?}");
    }
}

/// Shows that the test can fail.
#[test]
fn a_put_is_repeated_under_the_same_faults_and_takes_effect_more_than_once() {
    for sums in run(&Method::PUT, 1) {
        println!("put: {sums:?}");
        assert!(sums.applied_twice * 50 > operations(), "{sums:?}");
    }
}
