//! Models of what else is in use.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tokio::time::{Instant, sleep, sleep_until};
use tower::{Service, retry::Policy};
use tower_oss::Error;

use super::random::Random;

/// Exponential backoff with full jitter from 100 ms to 20 s, as the SDKs do it, but with no end to
/// the attempts.
#[derive(Clone)]
pub(crate) struct PlainBackoff {
    random: Arc<Mutex<Random>>,
    failures: i32,
}

impl PlainBackoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Arc::new(Mutex::new(Random::new(seed))), failures: 0 }
    }
}

impl<R> Policy<Request<()>, Response<R>, Error> for PlainBackoff {
    type Future = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn retry(
        &mut self,
        _: &mut Request<()>,
        result: &mut Result<Response<R>, Error>,
    ) -> Option<Self::Future> {
        result.as_ref().err()?;
        let longest = (0.1 * 2_f64.powi(self.failures)).min(20.0);
        self.failures += 1;
        let delay = self.random.lock().unwrap().between(0.0, longest);
        Some(Box::pin(sleep(Duration::from_secs_f64(delay))))
    }

    fn clone_request(&mut self, request: &Request<()>) -> Option<Request<()>> {
        Some(request.clone())
    }
}

/// Additive increase, multiplicative decrease: no limit until the first throttled response, then
/// half the measured rate, at most one cut in half a second, and each second a twentieth of the
/// measured rate more.
#[derive(Clone)]
pub(crate) struct Aimd<S> {
    inner: S,
    limiter: Arc<Mutex<Law>>,
}

struct Law {
    rate: Option<f64>,
    step: f64,
    cut: Option<Instant>,
    next: Instant,
    at: Instant,
    /// Requests in the present second, and in the one before.
    counted: (Instant, u32, u32),
}

impl<S> Aimd<S> {
    pub(crate) fn new(inner: S) -> Self {
        let now = Instant::now();
        let limiter = Law { rate: None, step: 0.0, cut: None, next: now, at: now, counted: (now, 0, 0) };
        Self { inner, limiter: Arc::new(Mutex::new(limiter)) }
    }
}

impl Law {
    /// When the next request may go.
    fn permit(&mut self, now: Instant) -> Instant {
        if now - self.counted.0 >= Duration::from_secs(1) {
            self.counted = (now, 0, self.counted.1);
        }
        self.counted.1 += 1;
        let Some(rate) = &mut self.rate else { return now };
        *rate += self.step * (now - self.at).as_secs_f64();
        self.at = now;
        let permit = self.next.max(now);
        self.next = permit + Duration::from_secs_f64(1.0 / *rate);
        permit
    }

    fn throttled(&mut self, now: Instant) {
        if self.cut.is_some_and(|cut| now - cut < Duration::from_millis(500)) {
            return;
        }
        self.cut = Some(now);
        let measured = f64::from(self.counted.1.max(self.counted.2)).max(1.0);
        let rate = self.rate.unwrap_or(measured) / 2.0;
        self.rate = Some(rate.max(0.5));
        self.step = measured / 20.0;
        self.at = now;
    }
}

impl<S, R> Service<Request<()>> for Aimd<S>
where
    S: Service<Request<()>, Response = Response<R>, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let limiter = Arc::clone(&self.limiter);
        Box::pin(async move {
            let permit = limiter.lock().unwrap().permit(Instant::now());
            sleep_until(permit).await;
            let result = inner.call(request).await;
            if let Err(Error::Oss(error)) = &result {
                if error.is_throttled() {
                    limiter.lock().unwrap().throttled(Instant::now());
                }
            }
            result
        })
    }
}
