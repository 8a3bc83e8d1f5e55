use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use http::Request;
use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{Instant, sleep},
};
use tower::{Service, ServiceExt};
use tower_oss::Deadline;

use super::{
    client::{Client, Kind, client},
    random::Random,
    record::Record,
    server::{Nature, Server},
};

/// What the clients want.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// Each worker of each client sends one request after the other, until this time.
    Workers { count: usize, until: f64 },
    /// The number of requests that all workers together send.
    Job { workers: usize, requests: u64 },
    /// So many requests a second, at random moments, until this time, however long they take.
    Offered { rate: f64, until: f64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) nature: Nature,
    pub(crate) load: Load,
    /// When each client begins.
    pub(crate) clients: Vec<f64>,
    pub(crate) limits: Limits,
}

/// What callers put up with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_elapsed: Duration,
    pub(crate) retry: bool,
    pub(crate) deadline: Option<Duration>,
    /// No calls between these moments.
    pub(crate) idle: Option<(f64, f64)>,
}

impl Limits {
    pub(crate) fn patient(max_elapsed: Duration) -> Self {
        Self { max_elapsed, retry: true, deadline: None, idle: None }
    }

    fn is_idle(&self, now: f64) -> bool {
        self.idle.is_some_and(|(from, to)| (from..to).contains(&now))
    }
}

/// A worker waits for this long after a call that failed, in seconds.
pub(crate) const RETRY_AFTER: f64 = 0.02;

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) record: Record,
    /// Calls that ended well, and that did not.
    pub(crate) done: u64,
    pub(crate) lost: u64,
    /// When the last call ended.
    pub(crate) end: f64,
}

#[derive(Default)]
struct Counts {
    done: AtomicU64,
    lost: AtomicU64,
    begun: AtomicU64,
}

impl Scenario {
    /// Plays it with this kind of client. The same seed gives the same outcome.
    pub(crate) fn play(&self, kind: Kind, seed: u64) -> Outcome {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.play_now(kind, seed))
    }

    async fn play_now(&self, kind: Kind, seed: u64) -> Outcome {
        let server = Server::new(self.nature.clone(), seed);
        let counts = Arc::new(Counts::default());
        let mut tasks = JoinSet::new();
        for (number, start) in self.clients.iter().enumerate() {
            let client_seed = seed * 1000 + number as u64;
            let server = server.for_client(number);
            let (load, start, limits) = (self.load, *start, self.limits);
            let counts = Arc::clone(&counts);
            tasks.spawn(async move {
                sleep(Duration::from_secs_f64(start)).await;
                let client = client(kind, server.clone(), client_seed, &limits);
                run(load, limits, client, server, counts, Random::new(client_seed)).await;
            });
        }
        tasks.join_all().await;
        let (done, lost) = (counts.done.load(Relaxed), counts.lost.load(Relaxed));
        Outcome { record: server.record(), done, lost, end: server.now() }
    }
}

async fn run(
    load: Load,
    limits: Limits,
    client: Client,
    server: Server,
    counts: Arc<Counts>,
    mut random: Random,
) {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    match load {
        Load::Workers { count, until } => {
            for _ in 0..count {
                let (mut client, server, counts) = (client.clone(), server.clone(), Arc::clone(&counts));
                tasks.spawn(async move {
                    while server.now() < until {
                        if limits.is_idle(server.now()) {
                            sleep(Duration::from_secs(1)).await;
                        } else if !call(&mut client, &limits, &counts).await {
                            sleep(Duration::from_secs_f64(RETRY_AFTER)).await;
                        }
                    }
                });
            }
        }
        Load::Job { workers, requests } => {
            for _ in 0..workers {
                let (mut client, counts) = (client.clone(), Arc::clone(&counts));
                tasks.spawn(async move {
                    while counts.begun.fetch_add(1, Relaxed) < requests {
                        call(&mut client, &limits, &counts).await;
                    }
                });
            }
        }
        Load::Offered { rate, until } => {
            let mut at = 0.0;
            while at < until {
                at += random.between(0.5, 1.5) / rate;
                sleep((begun + Duration::from_secs_f64(at)).saturating_duration_since(Instant::now())).await;
                if limits.is_idle(server.now()) {
                    continue;
                }
                let (mut client, counts) = (client.clone(), Arc::clone(&counts));
                tasks.spawn(async move {
                    call(&mut client, &limits, &counts).await;
                });
                while tasks.try_join_next().is_some() {}
            }
        }
    }
    tasks.join_all().await;
}

async fn call(client: &mut Client, limits: &Limits, counts: &Counts) -> bool {
    let ready = client.ready().await.unwrap();
    let mut request = Request::new(());
    if let Some(deadline) = limits.deadline {
        request.extensions_mut().insert(Deadline::after(deadline));
    }
    let done = ready.call(request).await.is_ok();
    (if done { &counts.done } else { &counts.lost }).fetch_add(1, Relaxed);
    done
}
