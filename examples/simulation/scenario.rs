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
    /// The workers have so many requests to send in all.
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
    pub(crate) max_elapsed: Duration,
}

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
            let (load, start, max_elapsed) = (self.load, *start, self.max_elapsed);
            let counts = Arc::clone(&counts);
            tasks.spawn(async move {
                sleep(Duration::from_secs_f64(start)).await;
                let client = client(kind, server.clone(), client_seed, max_elapsed);
                run(load, client, server, counts, Random::new(client_seed)).await;
            });
        }
        tasks.join_all().await;
        let (done, lost) = (counts.done.load(Relaxed), counts.lost.load(Relaxed));
        Outcome { record: server.record(), done, lost, end: server.now() }
    }
}

async fn run(load: Load, client: Client, server: Server, counts: Arc<Counts>, mut random: Random) {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    match load {
        Load::Workers { count, until } => {
            for _ in 0..count {
                let (mut client, server, counts) = (client.clone(), server.clone(), Arc::clone(&counts));
                tasks.spawn(async move {
                    while server.now() < until {
                        call(&mut client, &counts).await;
                    }
                });
            }
        }
        Load::Job { workers, requests } => {
            for _ in 0..workers {
                let (mut client, counts) = (client.clone(), Arc::clone(&counts));
                tasks.spawn(async move {
                    while counts.begun.fetch_add(1, Relaxed) < requests {
                        call(&mut client, &counts).await;
                    }
                });
            }
        }
        Load::Offered { rate, until } => {
            let mut at = 0.0;
            while at < until {
                at += random.between(0.5, 1.5) / rate;
                sleep((begun + Duration::from_secs_f64(at)).saturating_duration_since(Instant::now())).await;
                let (mut client, counts) = (client.clone(), Arc::clone(&counts));
                tasks.spawn(async move { call(&mut client, &counts).await });
            }
        }
    }
    tasks.join_all().await;
}

async fn call(client: &mut Client, counts: &Counts) {
    let ready = client.ready().await.unwrap();
    match ready.call(Request::new(())).await {
        Ok(_) => counts.done.fetch_add(1, Relaxed),
        Err(_) => counts.lost.fetch_add(1, Relaxed),
    };
}
