//! Calls through the layers, over a service that responds at once.

use std::{convert::Infallible, thread, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, retry::RetryLayer, timeout::TimeoutLayer};
use tower_http::{map_response_body::MapResponseBodyLayer, set_status::SetStatusLayer};
use tower_oss::{OssErrorLayer, RetryPolicy, ThrottleLayer};

use crate::{
    measure::{Group, Measure, repeat},
    shared::{
        bodies::{self, SIX},
        stack::{Frames, NeverAgain, Once, Slot, request, send},
    },
};

pub const GROUPS: &[Group] = &[
    Group {
        name: "404 through the layer",
        measure: Measure::Added,
        cases: &[
            ("GET 200, bare", || bare("GET")),
            ("in 1 frame", || framed(|| Full::<Bytes>::from(SIX))),
            ("in 16 frames", || framed(|| Frames::new(SIX, 16))),
        ],
    },
    Group {
        name: "GET 200",
        measure: Measure::Added,
        cases: &[
            ("bare", || bare("GET")),
            ("tower-oss", || layered(&OssErrorLayer::new(), "GET")),
            ("tower-oss with settings", || layered(&OssErrorLayer::new().body_limit(4096), "GET")),
            ("tower-http SetStatus", || layered(&SetStatusLayer::new(StatusCode::OK), "GET")),
            ("tower-http MapResponseBody", || layered(&MapResponseBodyLayer::new(|body| body), "GET")),
            ("tower Timeout", in_runtime),
        ],
    },
    Group {
        name: "HEAD 200",
        measure: Measure::Added,
        cases: &[("bare", || bare("HEAD")), ("tower-oss", || layered(&OssErrorLayer::new(), "HEAD"))],
    },
    Group {
        name: "PUT 200",
        measure: Measure::Added,
        cases: &[("bare", || bare("PUT")), ("tower-oss", || layered(&OssErrorLayer::new(), "PUT"))],
    },
    Group {
        name: "presigned PUT 200",
        measure: Measure::Added,
        cases: &[
            ("bare", || send_all(|once| once, success, "PUT", true)),
            ("tower-oss", || send_all(|once| OssErrorLayer::new().layer(once), success, "PUT", true)),
        ],
    },
    Group {
        name: "GET 200, retried if need be",
        measure: Measure::Added,
        cases: &[
            ("tower Retry, never again", || layered(&RetryLayer::new(NeverAgain), "GET")),
            ("tower Retry, RetryPolicy", || layered(&RetryLayer::new(RetryPolicy::new()), "GET")),
        ],
    },
    Group {
        name: "50 GETs, 200, below the rate",
        measure: Measure::Added,
        cases: &[
            ("bare", || sparse(|once| once)),
            ("tower-oss ThrottleLayer", || sparse(|once| ThrottleLayer::new().layer(once))),
        ],
    },
];

fn framed<B>(body: impl Fn() -> B)
where
    B: http_body::Body<Error = Infallible>,
{
    let response = || bodies::response(StatusCode::NOT_FOUND, body());
    send_all(|once| OssErrorLayer::new().layer(once), response, "GET", false);
}

fn bare(method: &str) {
    send_all(|once| once, success, method, false);
}

fn layered<L>(layer: &L, method: &str)
where
    L: Layer<Once<Full<Bytes>>, Service: Service<Request<Empty<Bytes>>>>,
{
    send_all(|once| layer.layer(once), success, method, false);
}

/// Sends fifty requests, ten milliseconds apart: less than half of the initial rate. Most find a
/// permit that was set aside, some have to lock the limiter.
fn sparse<S>(wrap: impl Fn(Once<Full<Bytes>>) -> S)
where
    S: Service<Request<Empty<Bytes>>>,
{
    let slot = Slot::default();
    let mut service = wrap(Once(slot.clone()));
    let calls = || (0..50).map(|_| (request("GET", false), Box::new(success()))).collect::<Vec<_>>();
    repeat(calls, |calls| {
        for (request, response) in calls {
            thread::sleep(Duration::from_millis(10));
            slot.set(Some(response));
            drop(send(&mut service, request));
        }
    });
}

fn success() -> Response<Full<Bytes>> {
    bodies::response(StatusCode::OK, Full::from("content"))
}

fn send_all<S, B>(
    wrap: impl Fn(Once<B>) -> S,
    response: impl Fn() -> Response<B>,
    method: &str,
    presigned: bool,
) where
    S: Service<Request<Empty<Bytes>>>,
{
    let slot = Slot::default();
    let mut service = wrap(Once(slot.clone()));
    let input = || {
        slot.set(Some(Box::new(response())));
        request(method, presigned)
    };
    repeat(input, |request| send(&mut service, request));
}

fn in_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    layered(&TimeoutLayer::new(Duration::from_secs(30)), "GET");
}
