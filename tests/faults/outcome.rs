//! What is counted of a call, and its description.

use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use tokio::{net::TcpListener, runtime::Builder, time::sleep};
use tower_oss::Error;

/// What a server has counted.
#[derive(Default)]
pub(crate) struct Counts {
    connections: AtomicUsize,
    open: AtomicUsize,
    requests: AtomicUsize,
    resets: AtomicUsize,
}

impl Counts {
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.resets.fetch_add(1, Relaxed);
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Streams that the client has reset while the server was writing.
    pub(crate) fn resets(&self) -> usize {
        self.resets.load(Relaxed)
    }
}

/// Starts a server in a thread of its own, until the program ends.
pub(crate) fn start<F>(
    serve: impl Fn(tokio::net::TcpStream, Arc<Counts>) -> F + Send + 'static,
) -> (SocketAddr, Arc<Counts>)
where
    F: Future<Output = ()> + 'static,
    F: Send,
{
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    sleep(Duration::from_millis(1)).await;
                    continue;
                };
                shared.connections.fetch_add(1, Relaxed);
                shared.open.fetch_add(1, Relaxed);
                let (served, counts) = (serve(stream, Arc::clone(&shared)), Arc::clone(&shared));
                tokio::spawn(async move {
                    served.await;
                    counts.open.fetch_sub(1, Relaxed);
                });
            }
        });
    });
    (address, counts)
}

/// A result in a few words.
pub(crate) fn tell(result: &Result<Response<Bytes>, Error>) -> String {
    match result {
        Ok(response) => format!("{}, {} bytes", response.status().as_u16(), response.body().len()),
        Err(Error::Oss(error)) => {
            format!("{} {}, body {:?}", error.status().as_u16(), error.code(), error.body_state())
        }
        Err(Error::Transport(error)) => format!("no response: {}", error.kind()),
        Err(error) => format!("not sent: {error}"),
    }
}
