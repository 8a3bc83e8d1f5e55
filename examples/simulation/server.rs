use std::{
    future::Future,
    iter, mem,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{BoxError, Service};
use tower_oss::{ErrorCode, test_util::ErrorResponse};

use super::{random::Random, record::Record};

/// How the server counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quota {
    /// A bucket of this capacity that fills at the rate.
    Bucket { burst: f64 },
    /// So many in each window of the clock.
    Windows { seconds: f64 },
    /// A bucket that throttled requests empty, too.
    Charging { burst: f64 },
    /// A bucket; what comes too early is accepted, and held back.
    Delaying { burst: f64 },
    /// No rate, but a maximum number of concurrent requests, each of which takes a while.
    Concurrency { at_once: usize, work: Duration },
    /// No request rate, but a byte rate, with requests of 0.1 to 1.9 times the mean size.
    Bandwidth { mean: f64, burst: f64 },
    /// Everything is accepted.
    None,
}

/// A time in which all requests fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// With 503 instead of 500.
    pub(crate) by_503: bool,
}

/// What the server is like.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    pub(crate) quota: Quota,
    /// The rate from each moment on.
    pub(crate) steps: Vec<(f64, f64)>,
    pub(crate) outage: Option<Outage>,
    /// Fraction of responses that are a random 500.
    pub(crate) noise: f64,
    /// Share of the requests that is throttled at random.
    pub(crate) random_429s: f64,
    /// Share of the requests that a broken proxy responds to, with a 503 of its own.
    pub(crate) proxy_503s: f64,
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
    throttled: Response<Full<Bytes>>,
    failed: Response<Full<Bytes>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Accepted,
    Throttled,
    Unavailable,
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
            Quota::Bucket { burst }
            | Quota::Charging { burst }
            | Quota::Delaying { burst }
            | Quota::Bandwidth { burst, .. } => burst,
            Quota::Windows { seconds } => (nature.rate(0.0) * seconds).max(1.0),
            _ => nature.rate(0.0),
        };
        let nature_outage = nature.outage;
        let state = State {
            nature,
            random: Random::new(seed),
            tokens,
            at: 0.0,
            active: 0,
            record: Record::default(),
            throttled: ErrorResponse::new(code).response(),
            failed: ErrorResponse::new(match nature_outage {
                Some(Outage { by_503: true, .. }) => ErrorCode::ServiceUnavailable,
                _ => ErrorCode::InternalError,
            })
            .response(),
        };
        Self { shared: Arc::new(Mutex::new(state)), start: Instant::now(), client: 0 }
    }

    /// The same server, as another client sees it.
    pub(crate) fn for_client(&self, client: usize) -> Self {
        Self { client, ..self.clone() }
    }

    /// What happened until now.
    pub(crate) fn record(&self) -> Record {
        let mut state = self.shared.lock().unwrap();
        state.catch_up(self.now());
        state.record.clone()
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
        let (verdict, work) = self.shared.lock().unwrap().judge(self.now());
        if !work.is_zero() {
            sleep(work).await;
        }
        let response = self.shared.lock().unwrap().respond(verdict, !work.is_zero(), self.client, self.now());
        sleep(back).await;
        Ok(response)
    }
}

impl State {
    fn judge(&mut self, now: f64) -> (Verdict, Duration) {
        let verdict = self.verdict(now);
        let work = match self.nature.quota {
            Quota::Concurrency { work, .. } if verdict == Verdict::Accepted => {
                self.active += 1;
                work.mul_f64(self.random.between(0.5, 1.5))
            }
            Quota::Delaying { .. } if self.tokens < 0.0 => {
                Duration::from_secs_f64(-self.tokens / self.nature.rate(now))
            }
            _ => Duration::ZERO,
        };
        (verdict, work)
    }

    fn respond(&mut self, verdict: Verdict, worked: bool, client: usize, now: f64) -> Response<Full<Bytes>> {
        let slot = self.record.slot(client, now);
        match verdict {
            Verdict::Accepted => slot.accepted += 1,
            Verdict::Throttled | Verdict::Unavailable => slot.throttled += 1,
            Verdict::Failed => slot.failed += 1,
        }
        let mut response = match verdict {
            Verdict::Accepted => Response::default(),
            Verdict::Throttled => self.throttled.clone(),
            Verdict::Unavailable => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }
            Verdict::Failed => self.failed.clone(),
        };
        match self.nature.quota {
            Quota::Concurrency { .. } if worked => self.active -= 1,
            Quota::Delaying { .. } if worked => {
                response.headers_mut().insert("x-oss-qos-delay-time", HeaderValue::from_static("10"));
            }
            _ => {}
        }
        response
    }

    fn verdict(&mut self, now: f64) -> Verdict {
        if self.nature.outage.is_some_and(|outage| (outage.from..outage.to).contains(&now)) {
            return Verdict::Failed;
        }
        if self.nature.random_429s > 0.0 && self.random.next() < self.nature.random_429s {
            return Verdict::Throttled;
        }
        if self.nature.proxy_503s > 0.0 && self.random.next() < self.nature.proxy_503s {
            return Verdict::Unavailable;
        }
        self.catch_up(now);
        let (cost, charges) = match self.nature.quota {
            Quota::Bucket { .. } | Quota::Windows { .. } => (1.0, false),
            Quota::Charging { .. } => (1.0, true),
            Quota::Bandwidth { mean, .. } => (mean * self.random.between(0.1, 1.9), false),
            Quota::Delaying { .. } => {
                self.tokens -= 1.0;
                return Verdict::Accepted;
            }
            Quota::Concurrency { at_once, .. } if self.active >= at_once => return Verdict::Throttled,
            Quota::Concurrency { .. } | Quota::None => return Verdict::Accepted,
        };
        if self.tokens >= cost {
            self.tokens -= cost;
            let fails = self.random.next() < self.nature.noise;
            return if fails { Verdict::Failed } else { Verdict::Accepted };
        }
        if charges {
            self.record.waste(self.tokens, now, now);
            self.tokens = 0.0;
        }
        Verdict::Throttled
    }

    /// Adds the tokens that have come since the last time.
    fn catch_up(&mut self, now: f64) {
        let from = mem::replace(&mut self.at, now);
        match self.nature.quota {
            Quota::Bucket { burst }
            | Quota::Charging { burst }
            | Quota::Delaying { burst }
            | Quota::Bandwidth { burst, .. } => {
                let steps =
                    self.nature.steps.iter().map(|(step, _)| *step).filter(|step| (from..now).contains(step));
                let mut times: Vec<_> = iter::once(from).chain(steps).collect();
                times.push(now);
                times.windows(2).for_each(|span| self.fill(burst, span[0], span[1]));
            }
            Quota::Windows { seconds } => {
                for window in (from / seconds) as u64 + 1..=(now / seconds) as u64 {
                    let end = window as f64 * seconds;
                    self.record.waste(self.tokens.trunc(), end, end);
                    // What does not make a request is left for the next window.
                    self.tokens = self.nature.rate(end) * seconds + self.tokens.fract();
                }
            }
            Quota::Concurrency { .. } | Quota::None => {}
        }
    }

    fn fill(&mut self, full: f64, from: f64, to: f64) {
        let rate = self.nature.rate(from);
        let (before, filled) = (self.tokens, self.tokens + rate * (to - from));
        self.tokens = filled.min(full);
        if filled > full {
            self.record.waste(filled - full, (from + (full - before) / rate).clamp(from, to), to);
        }
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
