use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// Future that completes when it is time for the next attempt.
///
/// This future returns `Pending` at least once. Otherwise a service that fails at once would be
/// called in a loop, and neither a timeout outside nor anything else on the thread would be polled.
#[derive(Debug)]
pub struct Wait {
    /// Boxed, because the future of every call has room for it, and few calls need it.
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
