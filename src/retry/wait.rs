use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// The wait before a retry.
    #[derive(Debug)]
    pub struct Wait {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Wait {
    pub(super) fn new(delay: Duration) -> Self {
        Self { sleep: (!delay.is_zero()).then(|| sleep(delay)) }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.as_pin_mut().map_or(Poll::Ready(()), |sleep| sleep.poll(cx))
    }
}
