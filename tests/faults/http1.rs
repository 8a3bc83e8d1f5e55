//! A server that writes bytes over HTTP/1.1 as a script says.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::outcome::Counts;

/// What the server does after it has read a request.
#[derive(Clone)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// Writes the same bytes again and again, with a pause before each.
    Repeat(Vec<u8>, usize, Duration),
    Stall,
    Close,
    Reset,
}

pub(crate) const FOR_EVER: usize = usize::MAX;

pub(crate) fn write(bytes: impl AsRef<[u8]>) -> Step {
    Step::Write(bytes.as_ref().to_vec())
}

/// The script for each request, by its target.
pub(crate) type Reply = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

pub(crate) async fn serve(mut stream: TcpStream, counts: Arc<Counts>, reply: Reply) {
    let mut request = Vec::new();
    stream.set_nodelay(true).unwrap();
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue; // requests have no bodies
        }
        let head = String::from_utf8(std::mem::take(&mut request)).unwrap();
        counts.request();
        for step in reply(head.split(' ').nth(1).unwrap()) {
            match step {
                Step::Write(bytes) if stream.write_all(&bytes).await.is_ok() => {}
                Step::Repeat(bytes, times, pause) => {
                    for _ in 0..times {
                        sleep(pause).await;
                        if stream.write_all(&bytes).await.is_err() {
                            return;
                        }
                    }
                }
                Step::Stall => return until_closed(&mut stream).await,
                Step::Reset => return stream.set_zero_linger().unwrap(),
                Step::Close | Step::Write(_) => return,
            }
        }
    }
}

/// Writes these bytes once it has received something, and closes.
pub(crate) async fn hang_up(mut stream: TcpStream, bytes: &'static [u8]) {
    let mut hello = Vec::new();
    if let Ok(1..) = stream.read_buf(&mut hello).await {
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        until_closed(&mut stream).await; // or closing would reset what was written
    }
}

async fn until_closed(stream: &mut TcpStream) {
    let mut ignored = [0; 1024];
    while let Ok(1..) = stream.read(&mut ignored).await {}
}
