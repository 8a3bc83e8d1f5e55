use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use tokio::time::{Instant, sleep};
use tower::retry::Policy;

use crate::{
    Deadline, Error,
    error::{FindOssError, LastError, OssError},
};

/// Repeats paced errors at once, and others as a plain policy does: stands in for the real retry policy.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct StandInPolicy {
    random: Arc<AtomicU64>,
    max_elapsed: Duration,
    started: Option<Instant>,
    failures: u32,
}

impl StandInPolicy {
    /// A policy whose delays follow from this seed.
    #[must_use]
    pub fn new(seed: u64, max_elapsed: Duration) -> Self {
        Self { random: Arc::new(AtomicU64::new(seed)), max_elapsed, started: None, failures: 0 }
    }

    /// A number below one: splitmix64.
    fn random(&self) -> f64 {
        let mut z = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn delay(&mut self, error: &OssError) -> Option<Duration> {
        if error.notes().is_paced() {
            return Some(Duration::ZERO);
        }
        self.failures += 1;
        let base = if error.is_throttled() { 1.0 } else { 0.1 };
        let longest = (base * f64::from(1_u32 << (self.failures - 1).min(16))).min(20.0);
        let delay = Duration::from_secs_f64(self.random() * longest);
        (error.is_transient() && self.failures < 3).then_some(delay)
    }
}

impl<B: Clone, R> Policy<Request<B>, Response<R>, Error> for StandInPolicy {
    type Future = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn retry(
        &mut self,
        request: &mut Request<B>,
        result: &mut Result<Response<R>, Error>,
    ) -> Option<Self::Future> {
        let Err(Error::Oss(error)) = result else { return None };
        let now = Instant::now();
        let end = *self.started.get_or_insert(now) + self.max_elapsed;
        let end = Deadline::of(request).map_or(end, |deadline| end.min(deadline.moment()));
        let delay = self.delay(error.oss_error()?)?;
        if now + delay > end {
            return None;
        }
        request.extensions_mut().insert(LastError(error.clone()));
        request.extensions_mut().insert(Deadline::at(end));
        Some(Box::pin(async move {
            if !delay.is_zero() {
                sleep(delay).await;
            }
        }))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        self.started.get_or_insert_with(Instant::now);
        Some(request.clone())
    }
}
