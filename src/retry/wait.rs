use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// The wait before a retry.
///
/// It returns `Pending` at least once. A service that fails at once and is called again at once would otherwise keep a
/// timeout outside, and everything else on the thread, from being polled.
#[derive(Debug)]
pub struct Wait {
    /// Boxed, because every call's future has room for it, and few need it.
    sleep: Option<Pin<Box<Sleep>>>,
    yielded: bool,
}

impl Wait {
    pub(super) fn new(delay: Duration) -> Self {
        Self { sleep: (!delay.is_zero()).then(|| Box::pin(sleep(delay))), yielded: false }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(sleep) = &mut self.sleep {
            return sleep.as_mut().poll(cx);
        }
        if mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
