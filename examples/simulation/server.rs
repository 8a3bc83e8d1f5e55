use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{BoxError, Service};
use tower_oss::{ErrorCode, test_util::ErrorResponse};

use super::{random::Random, record::Record};

/// How the server counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quota {
    /// A bucket that fills at the rate and holds so many.
    Bucket { burst: f64 },
    /// So many in each second of the clock.
    Windows,
    /// A bucket that a refused request empties, too.
    Charging { burst: f64 },
    /// No rate at all, but so many requests at a time, each of which takes a while.
    Concurrency { at_once: usize, work: Duration },
    /// No rate at all, but so many bytes a second, and requests of 0.1 to 1.9 times the mean size.
    Bandwidth { mean: f64, burst: f64 },
    /// Everything is accepted.
    None,
}

/// What the server is like.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    pub(crate) quota: Quota,
    /// The rate from each moment on.
    pub(crate) steps: Vec<(f64, f64)>,
    pub(crate) outage: Option<(f64, f64)>,
    /// Share of answers that are a 500 without any reason.
    pub(crate) noise: f64,
    /// Time of one way, from and to.
    pub(crate) way: (f64, f64),
}

impl Nature {
    pub(crate) fn rate(&self, now: f64) -> f64 {
        self.steps.iter().take_while(|(from, _)| *from <= now).last().map_or(0.0, |(_, rate)| *rate)
    }
}

#[derive(Clone)]
pub(crate) struct Server {
    shared: Arc<Mutex<State>>,
    start: Instant,
    client: usize,
}

struct State {
    nature: Nature,
    random: Random,
    tokens: f64,
    at: f64,
    active: usize,
    record: Record,
    refused: Response<Full<Bytes>>,
    failed: Response<Full<Bytes>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Accepted,
    Refused,
    Failed,
}

impl Server {
    pub(crate) fn new(nature: Nature, seed: u64) -> Self {
        let code = match nature.quota {
            Quota::Concurrency { .. } => ErrorCode::ActiveRequestLimitExceeded,
            Quota::Bandwidth { .. } => ErrorCode::DownloadTrafficRateLimitExceeded,
            _ => ErrorCode::QpsLimitExceeded,
        };
        let tokens = match nature.quota {
            Quota::Bucket { burst } | Quota::Charging { burst } | Quota::Bandwidth { burst, .. } => burst,
            _ => nature.rate(0.0),
        };
        let state = State {
            nature,
            random: Random::new(seed),
            tokens,
            at: 0.0,
            active: 0,
            record: Record::default(),
            refused: ErrorResponse::new(code).response(),
            failed: ErrorResponse::new(ErrorCode::InternalError).response(),
        };
        Self { shared: Arc::new(Mutex::new(state)), start: Instant::now(), client: 0 }
    }

    /// The same server, as another client sees it.
    pub(crate) fn for_client(&self, client: usize) -> Self {
        Self { client, ..self.clone() }
    }

    pub(crate) fn record(&self) -> Record {
        self.shared.lock().unwrap().record.clone()
    }

    pub(crate) fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    async fn serve(self) -> Result<Response<Full<Bytes>>, BoxError> {
        let way = || {
            let mut state = self.shared.lock().unwrap();
            let (from, to) = state.nature.way;
            Duration::from_secs_f64(state.random.between(from, to))
        };
        let (there, back) = (way(), way());
        sleep(there).await;
        let (response, work) = self.shared.lock().unwrap().judge(self.client, self.now());
        if !work.is_zero() {
            sleep(work).await;
            self.shared.lock().unwrap().active -= 1;
        }
        sleep(back).await;
        Ok(response)
    }
}

impl State {
    fn judge(&mut self, client: usize, now: f64) -> (Response<Full<Bytes>>, Duration) {
        let verdict = self.verdict(now);
        let slot = self.record.slot(client, now);
        match verdict {
            Verdict::Accepted => slot.accepted += 1,
            Verdict::Refused => slot.refused += 1,
            Verdict::Failed => slot.failed += 1,
        }
        let work = match self.nature.quota {
            Quota::Concurrency { work, .. } if verdict == Verdict::Accepted => {
                self.active += 1;
                work.mul_f64(self.random.between(0.5, 1.5))
            }
            _ => Duration::ZERO,
        };
        let response = match verdict {
            Verdict::Accepted => Response::default(),
            Verdict::Refused => self.refused.clone(),
            Verdict::Failed => self.failed.clone(),
        };
        (response, work)
    }

    fn verdict(&mut self, now: f64) -> Verdict {
        if self.nature.outage.is_some_and(|(from, to)| (from..to).contains(&now)) {
            return Verdict::Failed;
        }
        let (rate, passed) = (self.nature.rate(now), now - self.at);
        let new_second = now.floor() > self.at.floor();
        self.at = now;
        let (full, cost, charges) = match self.nature.quota {
            Quota::Bucket { burst } => (burst, 1.0, false),
            Quota::Charging { burst } => (burst, 1.0, true),
            Quota::Bandwidth { mean, burst } => (burst, mean * self.random.between(0.1, 1.9), false),
            Quota::Windows => {
                self.tokens = if new_second { rate } else { self.tokens };
                (self.tokens, 1.0, false)
            }
            Quota::Concurrency { at_once, .. } if self.active >= at_once => return Verdict::Refused,
            Quota::Concurrency { .. } | Quota::None => return Verdict::Accepted,
        };
        self.tokens = (self.tokens + rate * passed).min(full);
        if self.tokens >= cost {
            self.tokens -= cost;
            let fails = self.random.next() < self.nature.noise;
            return if fails { Verdict::Failed } else { Verdict::Accepted };
        }
        if charges {
            self.tokens = 0.0;
        }
        Verdict::Refused
    }
}

impl<B> Service<Request<B>> for Server {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        Box::pin(self.clone().serve())
    }
}
