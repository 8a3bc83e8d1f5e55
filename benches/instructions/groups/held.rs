//! Calls whose inner future holds the response, not a pointer to it: the layer moves it once more.

use std::{
    cell::Cell,
    future::{Ready, ready},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{BoxError, Layer, Service, layer::util::Identity, timeout::TimeoutLayer};
use tower_oss::OssErrorLayer;

use crate::{
    measure::{Group, Measure, repeat},
    shared::{bodies, stack::request},
};

pub const GROUPS: &[Group] = &[
    Group {
        name: "GET 200, held by a ready future",
        measure: Measure::Added,
        cases: &[
            ("bare", || called::<Ready<Outcome>>(&Identity::new())),
            ("tower-oss", || called::<Ready<Outcome>>(&OssErrorLayer::new())),
            ("tower Timeout", || timed::<Ready<Outcome>>()),
        ],
    },
    Group {
        name: "GET 200, held by a boxed future",
        measure: Measure::Added,
        cases: &[
            ("bare", || called::<Boxed>(&Identity::new())),
            ("tower-oss", || called::<Boxed>(&OssErrorLayer::new())),
            ("tower Timeout", || timed::<Boxed>()),
        ],
    },
];

type Outcome = Result<Response<Full<Bytes>>, BoxError>;
type Boxed = Pin<Box<dyn Future<Output = Outcome>>>;

/// A service that responds with the content of the slot.
struct Held<F> {
    slot: Rc<Cell<Option<Response<Full<Bytes>>>>>,
    future: fn(Outcome) -> F,
}

impl<F: Future<Output = Outcome>> Service<Request<Empty<Bytes>>> for Held<F> {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = F;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    fn call(&mut self, _: Request<Empty<Bytes>>) -> F {
        (self.future)(Ok(self.slot.take().unwrap()))
    }
}

trait Hold: Future<Output = Outcome> + Sized {
    fn hold(outcome: Outcome) -> Self;
}

impl Hold for Ready<Outcome> {
    fn hold(outcome: Outcome) -> Self {
        ready(outcome)
    }
}

impl Hold for Boxed {
    fn hold(outcome: Outcome) -> Self {
        Box::pin(ready(outcome))
    }
}

fn called<F: Hold>(layer: &impl Layer<Held<F>, Service: Service<Request<Empty<Bytes>>>>) {
    let slot = Rc::default();
    let mut service = layer.layer(Held { slot: Rc::clone(&slot), future: F::hold });
    let input = || {
        slot.set(Some(bodies::response(StatusCode::OK, Full::from("content"))));
        request("GET", false)
    };
    repeat(input, |request| {
        let mut future = pin!(call(&mut service, request));
        poll(future.as_mut())
    });
}

/// The service behind a call that is not inlined, as behind a `dyn Service`.
#[inline(never)]
fn call<S: Service<Request<Empty<Bytes>>>>(service: &mut S, request: Request<Empty<Bytes>>) -> S::Future {
    service.call(request)
}

/// The future behind a call that is not inlined, as in a task.
#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn timed<F: Hold>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    called::<F>(&TimeoutLayer::new(Duration::from_secs(30)));
}
