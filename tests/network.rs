//! The complete stack over a simulated network: real HTTP and real time limits, but simulated time,
//! and partitions, latency, lost replies and restarts by seed.
//!
//! Unlike loopback or a paused clock, this shows a network that goes silent without a reset, for
//! longer than keep-alives and time limits, in every phase of a request, with hyper's connection
//! pool, in minutes of simulated time, and the same for each seed.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oss::{
    Deadline, Error, OssErrorLayer, RetryPolicy, ThrottleLayer, error::RetryStop, test_util::ErrorResponse,
};
use turmoil::net::{TcpListener, TcpStream};

const SEEDS: u64 = 200;
const OPERATIONS: usize = 12;

/// How often each operation took effect on the server. It survives restarts, like a disk.
type Applied = Arc<Mutex<BTreeMap<String, u32>>>;

#[test]
fn nothing_is_applied_twice_and_every_call_ends() {
    let (mut calls, mut successes, mut unknown) = (0, 0, 0);
    for seed in 0..SEEDS {
        let run = run(seed);
        assert_eq!(run.ends.len(), OPERATIONS, "seed {seed}: a call has not ended");
        for (operation, end) in &run.ends {
            let applied = run.applied.get(operation).copied().unwrap_or(0);
            let context = format!("seed {seed}, {operation}: {end:?}, applied {applied} times");
            let append = operation.contains("append");
            assert!(!append || applied <= 1, "{context}");
            match end {
                End::Success => assert!(applied >= 1, "{context}"),
                End::NotApplied => assert_eq!(applied, 0, "{context}"),
                End::Unknown => unknown += 1,
            }
            calls += 1;
            successes += u32::from(*end == End::Success);
        }
        assert!(run.recovered, "seed {seed}: the network works again, but the client does not");
    }
    assert!(calls > 2000 && successes > calls / 2 && unknown > 50, "{calls} {successes} {unknown}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [3, 77] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Success,
    /// The error says that the request did not take effect.
    NotApplied,
    /// The error says that it may have.
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
struct Run {
    ends: BTreeMap<String, End>,
    applied: BTreeMap<String, u32>,
    /// A call after the last fault has succeeded.
    recovered: bool,
}

fn run(seed: u64) -> Run {
    let mut random = Rng::with_seed(seed);
    let mut network = turmoil::Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(10))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(random.u64(2..60)))
        .simulation_duration(Duration::from_secs(600))
        .build();
    let applied = Applied::default();

    let (disk, server_seed) = (Arc::clone(&applied), random.u64(..));
    network.host("oss", move || serve(Arc::clone(&disk), Rng::with_seed(server_seed)));

    let ends = Rc::new(RefCell::new(BTreeMap::new()));
    let recovered = Rc::new(RefCell::new(false));
    let (noted, healed, client_seed) = (Rc::clone(&ends), Rc::clone(&recovered), random.u64(..));
    network.client("client", async move {
        let client = client(client_seed);
        let calls = (0..OPERATIONS).map(|number| {
            let (client, noted, mut random) =
                (client.clone(), Rc::clone(&noted), Rng::with_seed(client_seed ^ number as u64));
            async move {
                sleep(Duration::from_millis(random.u64(..20_000))).await;
                let append = random.bool();
                let operation = if append { format!("append-{number}") } else { format!("put-{number}") };
                let end = end_of(client.oneshot(request(&operation, append)).await);
                noted.borrow_mut().insert(operation, end);
            }
        });
        futures_util::future::join_all(calls).await;
        // The last fault is over by now.
        sleep(Duration::from_secs(60)).await;
        *healed.borrow_mut() = client.oneshot(request("put-last", false)).await.is_ok();
        Ok(())
    });

    let mut faults = faults(&mut random);
    while !network.step().unwrap() {
        while faults.last().is_some_and(|(at, _)| *at <= network.elapsed()) {
            match faults.pop().unwrap().1 {
                Fault::Partition => network.partition("client", "oss"),
                Fault::Repair => network.repair("client", "oss"),
                Fault::Hold => network.hold("client", "oss"),
                Fault::Release => network.release("client", "oss"),
                Fault::Restart => network.bounce("oss"),
            }
        }
    }
    let mut applied = applied.lock().unwrap().clone();
    applied.remove("put-last");
    Run { ends: ends.take(), applied, recovered: *recovered.borrow() }
}

#[derive(Clone, Copy)]
enum Fault {
    /// Packets are lost silently.
    Partition,
    Repair,
    /// Packets are delayed.
    Hold,
    Release,
    Restart,
}

/// The faults of the first half minute, the last one first.
fn faults(random: &mut Rng) -> Vec<(Duration, Fault)> {
    let mut faults = Vec::new();
    for _ in 0..random.usize(1..5) {
        let begin = Duration::from_millis(random.u64(..25_000));
        let end = begin + Duration::from_millis(random.u64(50..8_000));
        match random.u8(..3) {
            0 => faults.extend([(begin, Fault::Partition), (end, Fault::Repair)]),
            1 => faults.extend([(begin, Fault::Hold), (end, Fault::Release)]),
            _ => faults.push((begin, Fault::Restart)),
        }
    }
    // Faults may overlap. At the end, the network works.
    let last = Duration::from_secs(40);
    faults.extend([(last, Fault::Release), (last, Fault::Repair)]);
    faults.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    faults
}

fn end_of(result: Result<Response<Incoming>, BoxError>) -> End {
    let error = match result {
        Ok(_) => return End::Success,
        Err(error) => Error::from(error),
    };
    let is_final = matches!(error.retry_stop(), Some(RetryStop::NotRetryable));
    match &error {
        // The time limit of the call cut an attempt.
        Error::Transport(_) if error.retry_stop().is_none() => End::Unknown,
        _ if error.after_ambiguous_attempt() => End::Unknown,
        _ if error.retry_stop() == Some(RetryStop::OutcomeUnknown) => End::Unknown,
        Error::NotSent(_) => End::NotApplied,
        Error::Transport(error) if error.kind() == tower_oss::error::TransportKind::Connect => {
            End::NotApplied
        }
        Error::Oss(error) if error.is_throttled() || is_final => End::NotApplied,
        _ => End::Unknown,
    }
}

fn request(operation: &str, append: bool) -> Request<Full<Bytes>> {
    let uri = format!("http://oss/{operation}{}", if append { "?append&position=0" } else { "" });
    let method = if append { Method::POST } else { Method::PUT };
    let mut request = Request::builder().method(method).uri(uri).body(Full::from("content")).unwrap();
    request.extensions_mut().insert(Deadline::after(Duration::from_secs(20)));
    request
}

type Stacked = tower::util::BoxCloneService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

fn client(seed: u64) -> Stacked {
    let jitter = Mutex::new(Rng::with_seed(seed));
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(5))
        .build(Connector);
    tower::util::BoxCloneService::new(
        ServiceBuilder::new()
            .timeout(Duration::from_secs(30))
            .retry(RetryPolicy::new().random(move || jitter.lock().unwrap().f64()))
            .layer(ThrottleLayer::new())
            .layer(OssErrorLayer::new())
            .timeout(Duration::from_secs(3))
            .service(client),
    )
}

/// A server that sometimes fails, before or after the request has taken effect.
async fn serve(disk: Applied, random: Rng) -> turmoil::Result {
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80)).await?;
    let random = Rc::new(RefCell::new(random));
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                let (disk, random) = (Arc::clone(&disk), Rc::clone(&random));
                let service =
                    service_fn(move |request| respond(request, Arc::clone(&disk), Rc::clone(&random)));
                tokio::task::spawn_local(
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        })
        .await
}

async fn respond(
    request: Request<Incoming>,
    disk: Applied,
    random: Rc<RefCell<Rng>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let operation = request.uri().path().trim_start_matches('/').to_owned();
    if request.into_body().collect().await.is_err() {
        return Ok(Response::new(Full::default())); // to no client: the connection was closed
    }
    let (luck, wait) = {
        let mut random = random.borrow_mut();
        (random.u8(..100), random.u64(..400))
    };
    let last = operation == "put-last";
    sleep(Duration::from_millis(wait)).await;
    let apply = || *disk.lock().unwrap().entry(operation).or_default() += 1;
    let error = |code: &str| ErrorResponse::new(code).request_id("65A1F0C2D3E4B5A697887766").response();
    Ok(match luck {
        0..15 if !last => error("SlowDown"),
        15..25 if !last => error("InternalError"),
        25..35 if !last => {
            apply();
            error("ServiceUnavailable")
        }
        35..40 if !last => {
            let mut response = Response::new(Full::from("<html>"));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        }
        _ => {
            apply();
            Response::new(Full::default())
        }
    })
}

#[derive(Clone)]
struct Connector;

impl Service<Uri> for Connector {
    type Response = TokioIo<Tcp>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Tcp>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(async { Ok(TokioIo::new(Tcp(TcpStream::connect(("oss", 80)).await?))) })
    }
}

/// A simulated socket that hyper-util's client takes for a connection.
struct Tcp(TcpStream);

impl Connection for Tcp {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
