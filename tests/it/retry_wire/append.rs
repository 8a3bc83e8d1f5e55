//! Appends to an object under faults.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tower::ServiceExt;
use tower_oss::{Error, ErrorCode, error::RetryStop, retry::Idempotency};

use super::{
    clients::{Stack, policy, stacks},
    server::{Reply, Seen, Server, failure, ok},
};

const CALLS: u64 = 300;

/// The object, and whether it checks positions.
struct Object {
    /// One number for each append.
    content: Vec<u64>,
    /// Whether a wrong position is an error, as with OSS. If not, a number that is sent twice is
    /// appended twice.
    checks_position: bool,
    conflicts: u64,
    faults: fastrand::Rng,
}

impl Object {
    fn new(seed: u64, checks_position: bool) -> Arc<Mutex<Self>> {
        let faults = fastrand::Rng::with_seed(seed);
        Arc::new(Mutex::new(Self { content: Vec::new(), checks_position, conflicts: 0, faults }))
    }

    fn length(&self) -> usize {
        self.content.len() * 8
    }

    fn times(&self, number: u64) -> usize {
        self.content.iter().filter(|known| **known == number).count()
    }

    /// An append with one of the faults, or none.
    fn append(&mut self, request: &Seen) -> Reply {
        match self.faults.u8(0..12) {
            0 => Reply::Reset(b""),
            1 | 2 => failure("QpsLimitExceeded", StatusCode::SERVICE_UNAVAILABLE),
            fault => self.applied(request).unwrap_or_else(|| match fault {
                3 => Reply::Reset(b""),
                4 => Reply::Close(b"HTTP/1.1 200 OK\r\n"),
                5 => failure("InternalError", StatusCode::INTERNAL_SERVER_ERROR),
                6 => failure("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
                _ => ok(""),
            }),
        }
    }

    /// Appends, or returns the error response.
    fn applied(&mut self, request: &Seen) -> Option<Reply> {
        let position = request.head.split_once("position=").unwrap().1;
        let position: usize = position.split(' ').next().unwrap().parse().unwrap();
        if self.checks_position && position != self.length() {
            self.conflicts += 1;
            return Some(failure("PositionNotEqualToLength", StatusCode::CONFLICT));
        }
        self.content.push(u64::from_be_bytes(request.body[..].try_into().unwrap()));
        None
    }
}

async fn server(object: &Arc<Mutex<Object>>) -> Server {
    let object = Arc::clone(object);
    Server::start(move |request| object.lock().unwrap().append(request)).await
}

/// Appends a number at the last known end.
async fn append(
    stack: &Stack,
    server: &Server,
    object: &Mutex<Object>,
    number: u64,
    idempotency: Option<Idempotency>,
) -> Result<(), Error> {
    let position = object.lock().unwrap().length();
    let body = Full::from(Bytes::copy_from_slice(&number.to_be_bytes()));
    let request = Request::post(server.url(&format!("/k?append&position={position}")));
    let mut request = request.body(body).unwrap();
    idempotency.map(|idempotency| request.extensions_mut().insert(idempotency));
    stack.clone().oneshot(request).await.map(|_| ())
}

/// Whether the error tells correctly whether the append may have taken effect.
fn assert_honest(error: &Error, times: usize) {
    let code = error.oss().map(|error| error.code().clone());
    match error.retry_stop().unwrap() {
        RetryStop::OutcomeUnknown => {}
        RetryStop::AttemptsExhausted => {
            assert_eq!(code, Some(ErrorCode::QpsLimitExceeded), "{error:?}");
            assert_eq!((times, error.attempts()), (0, 3), "{error:?}");
        }
        stop => panic!("{stop:?}: {error:?}"),
    }
    assert!(!error.after_ambiguous_attempt(), "{error:?}");
}

#[tokio::test]
async fn no_append_takes_effect_twice_and_every_outcome_is_reported_correctly() {
    for (seed, checks_position) in [(1, true), (2, true), (3, false), (4, false)] {
        for (client, stack) in stacks(|| policy().without_budget(), Duration::from_secs(20)) {
            let object = Object::new(seed, checks_position);
            let server = server(&object).await;
            let (mut unknown, mut failed) = (0, 0);
            for number in 0..CALLS {
                let result = append(&stack, &server, &object, number, None).await;
                let times = object.lock().unwrap().times(number);
                match &result {
                    Ok(()) => assert_eq!(times, 1, "seed {seed} over {client}"),
                    Err(error) => assert_honest(error, times),
                }
                assert!(times <= 1, "seed {seed} over {client}: {number} is there {times} times");
                unknown += u64::from(result.is_err() && times == 1);
                failed += u64::from(result.is_err());
            }
            assert_eq!(
                object.lock().unwrap().conflicts,
                0,
                "nothing was sent after what may have been applied"
            );
            assert!(unknown > 50 && failed > unknown, "the faults were there: {unknown} of {failed}");
        }
    }
}

/// The test above can fail.
#[tokio::test]
async fn an_append_that_is_called_idempotent_is_applied_twice_and_its_conflict_says_so() {
    for (client, stack) in stacks(|| policy().without_budget(), Duration::from_secs(20)) {
        let (strict, lax) = (Object::new(5, true), Object::new(6, false));
        let (strict_server, lax_server) = (server(&strict).await, server(&lax).await);
        let (mut conflicts, mut twice) = (0, 0);
        for number in 0..CALLS {
            let called = Some(Idempotency::Idempotent);
            if let Err(error) = append(&stack, &strict_server, &strict, number, called).await {
                let is_conflict = error.oss().is_some_and(|error| error.is_conflict());
                assert!(!is_conflict || error.after_ambiguous_attempt(), "over {client}: {error:?}");
                conflicts += u64::from(is_conflict);
            }
            let _ = append(&stack, &lax_server, &lax, number, called).await;
            twice += u64::from(lax.lock().unwrap().times(number) > 1);
            assert!(strict.lock().unwrap().times(number) <= 1, "the position forbids it");
        }
        assert!(conflicts > 30 && twice > 30, "over {client}: {conflicts} conflicts, {twice} twice");
    }
}
