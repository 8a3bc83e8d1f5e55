use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// The wait before a retry.
    ///
    /// It always makes wait, if only for one turn: a service that fails at once and is called again at once would keep a
    /// timeout outside, and everything else on the thread, from having its turn.
    #[derive(Debug)]
    pub struct Wait {
        #[pin]
        sleep: Option<Sleep>,
        yielded: bool,
    }
}

impl Wait {
    pub(super) fn new(delay: Duration) -> Self {
        Self { sleep: (!delay.is_zero()).then(|| sleep(delay)), yielded: false }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if let Some(sleep) = this.sleep.as_pin_mut() {
            return sleep.poll(cx);
        }
        if mem::replace(this.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
