//! Many workers for a long time, against quotas, outages and faults, some of whose calls are
//! cancelled.

use std::{
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{
    runtime::{Builder, Handle},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tower::{ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_oss::{Error, OssErrorLayer, RetryPolicy, ThrottleLayer, retry::Backoff};

use crate::{
    deeds::Deed,
    http1, http2,
    outcome::{Counts, start},
};

const WORKERS: usize = 64;
const QUOTA: f64 = 300.0;

type Stack = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, Error>;

/// A server with a quota that is down for a tenth of the time, and sometimes fails.
struct Weather {
    begin: Instant,
    bucket: Mutex<(f64, Instant)>,
}

impl Weather {
    fn new() -> Self {
        let now = Instant::now();
        Self { begin: now, bucket: Mutex::new((QUOTA / 10.0, now)) }
    }

    fn deed(&self) -> Deed {
        let now = Instant::now();
        if self.begin.elapsed().as_millis() % 3000 >= 2700 {
            return Deed::Internal;
        }
        let mut bucket = self.bucket.lock().unwrap();
        let (tokens, at) = *bucket;
        let tokens = (tokens + now.duration_since(at).as_secs_f64() * QUOTA).min(QUOTA / 10.0);
        let has_token = tokens >= 1.0;
        *bucket = (if has_token { tokens - 1.0 } else { tokens }, now);
        match fastrand::usize(..50) {
            _ if !has_token => Deed::Throttled,
            0 => Deed::random(&mut fastrand::Rng::new()),
            _ => Deed::Success,
        }
    }
}

/// The results of the workers.
#[derive(Debug, Default)]
struct Sums {
    begun: AtomicUsize,
    succeeded: AtomicUsize,
    failed: AtomicUsize,
    cancelled: AtomicUsize,
}

fn stack(client: Client<HttpConnector, Full<Bytes>>, throttle: &ThrottleLayer) -> Stack {
    let backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(20));
    let layer = OssErrorLayer::new().body_idle_timeout(Duration::from_millis(100));
    let stack = ServiceBuilder::new()
        .retry(RetryPolicy::new().backoff(backoff))
        .layer(ThrottleLayer::shared(&throttle.handle()))
        .layer(layer)
        .timeout(Duration::from_millis(300))
        .service(client);
    BoxCloneSyncService::new(stack)
}

/// Makes calls until the time is over. One in twenty is dropped early.
async fn work(stack: Stack, url: String, until: Instant, sums: Arc<Sums>) {
    while Instant::now() < until {
        let call = async {
            let request = Request::get(&url).body(Full::default()).unwrap();
            match stack.clone().oneshot(request).await {
                Ok(response) => response.into_body().collect().await.is_ok(),
                Err(_) => false,
            }
        };
        sums.begun.fetch_add(1, Relaxed);
        let is_cancelled = fastrand::usize(..20) == 0;
        let limit = Duration::from_millis(if is_cancelled { fastrand::u64(..30) } else { 60_000 });
        let sum = match timeout(limit, call).await {
            Ok(true) => &sums.succeeded,
            Ok(false) => &sums.failed,
            Err(_) if is_cancelled => &sums.cancelled,
            Err(_) => panic!("a call without an end"),
        };
        sum.fetch_add(1, Relaxed);
    }
}

/// Lets the workers work for this long.
async fn work_all(stacks: &[(Stack, String)], time: Duration, sums: &Arc<Sums>) {
    let until = Instant::now() + time;
    let mut workers = JoinSet::new();
    for (stack, url) in stacks.iter().cycle().take(WORKERS) {
        workers.spawn(work(stack.clone(), url.clone(), until, Arc::clone(sums)));
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
}

fn serve() -> [(String, Arc<Counts>); 2] {
    let weather = Arc::new(Weather::new());
    let shared = Arc::clone(&weather);
    let over_http1: http1::Reply = Arc::new(move |_| weather.deed().over_http1());
    let over_http2: http2::Reply = Arc::new(move |_| shared.deed().over_http2());
    let one = start(move |stream, counts| http1::serve(stream, counts, Arc::clone(&over_http1)));
    let two = start(move |stream, counts| http2::serve(stream, counts, Arc::clone(&over_http2)));
    [one, two].map(|(address, counts)| (format!("http://{address}/k"), counts))
}

/// Waits until this is true, at most ten seconds.
async fn until(is_so: impl Fn() -> bool) -> bool {
    for _ in 0..1000 {
        if is_so() {
            return true;
        }
        sleep(Duration::from_millis(10)).await;
    }
    false
}

#[test]
fn workers_leave_nothing_behind_and_each_call_has_one_result() {
    let time = Duration::from_secs(env::var("SECONDS").map_or(6, |seconds| seconds.parse().unwrap()));
    let [(url1, counts1), (url2, counts2)] = serve();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let sums = Arc::new(Sums::default());
    let throttle = ThrottleLayer::new();
    let stacks = {
        let _inside = runtime.enter();
        let client = |http2| {
            let mut client = Client::builder(TokioExecutor::new());
            client.http2_only(http2).pool_timer(TokioTimer::new()).build_http()
        };
        [(stack(client(false), &throttle), url1), (stack(client(true), &throttle), url2)]
    };

    runtime.block_on(work_all(&stacks, time / 3, &sums));
    let second = measure(|| runtime.block_on(work_all(&stacks, time / 3, &sums)));
    let third = measure(|| runtime.block_on(work_all(&stacks, time / 3, &sums)));
    println!("{sums:?}, {} KiB and {} KiB more", second.bytes_current / 1024, third.bytes_current / 1024);
    println!("{} and {} requests", counts1.requests(), counts2.requests());

    drop(stacks);
    runtime.block_on(async {
        assert!(until(|| Handle::current().metrics().num_alive_tasks() == 0).await, "a task is left");
        assert!(until(|| counts1.open() + counts2.open() == 0).await, "a connection is left");
    });
    let of = |sum: &AtomicUsize| sum.load(Relaxed);
    assert_eq!(of(&sums.begun), of(&sums.succeeded) + of(&sums.failed) + of(&sums.cancelled), "{sums:?}");
    assert!(of(&sums.succeeded) > of(&sums.failed) && of(&sums.cancelled) > 0, "{sums:?}");
    assert!(third.bytes_current < 512 * 1024, "memory grows: {second:?} {third:?}");
}
