//! Time of a call through the layer, compared with the same call without it and through layers of
//! tower-http and tower.
#![expect(clippy::unwrap_used, reason = "a bench that unwraps too much fails")]
#![expect(unreachable_pub, reason = "what the benches share is public to each of them")]
#![expect(dead_code, reason = "each of the benches uses a part of what they share")]

mod shared;

use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, layer::util::Identity, timeout::TimeoutLayer};
use tower_http::{map_response_body::MapResponseBodyLayer, set_status::SetStatusLayer};
use tower_oss::OssErrorLayer;

use self::shared::{
    bodies::{self, SIX},
    stack::{Frames, Once, Slot, request, send},
};

fn bench<L, B>(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    method: &str,
    layer: &L,
    response: impl Fn() -> Response<B>,
) where
    L: Layer<Once<B>, Service: Service<Request<Empty<Bytes>>>>,
{
    let slot = Slot::default();
    let mut service = layer.layer(Once(slot.clone()));
    let input = || {
        slot.set(Some(Box::new(response())));
        request(method, false)
    };
    criterion.benchmark_group(group).bench_function(name, |bencher| {
        bencher.iter_batched(input, |request| send(&mut service, request), BatchSize::PerIteration);
    });
}

fn success(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    let ok = || bodies::response(StatusCode::OK, Full::<Bytes>::from("content"));
    for method in ["GET", "PUT"] {
        bench(criterion, method, "bare", method, &Identity::new(), ok);
        bench(criterion, method, "tower-oss", method, &OssErrorLayer::new(), ok);
        let set_status = SetStatusLayer::new(StatusCode::OK);
        bench(criterion, method, "tower-http SetStatus", method, &set_status, ok);
        let map_body = MapResponseBodyLayer::new(|body: Full<Bytes>| body);
        bench(criterion, method, "tower-http MapResponseBody", method, &map_body, ok);
        bench(criterion, method, "tower Timeout", method, &TimeoutLayer::new(Duration::from_secs(30)), ok);
    }
}

fn error(criterion: &mut Criterion) {
    let layer = OssErrorLayer::new();
    let complete = || bodies::response(StatusCode::NOT_FOUND, Full::<Bytes>::from(SIX));
    bench(criterion, "404", "in 1 frame", "GET", &layer, complete);
    let cut = || bodies::response(StatusCode::NOT_FOUND, Frames::new(SIX, 16));
    bench(criterion, "404", "in 16 frames", "GET", &layer, cut);
}

criterion_group!(benches, success, error);
criterion_main!(benches);
