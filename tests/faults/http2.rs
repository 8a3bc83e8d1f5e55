//! A server that sends frames over HTTP/2 as a script says.

use std::{future::poll_fn, sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{Reason, SendStream, server};
use http::Response;
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::sleep,
};

use crate::outcome::Counts;

/// What the server does after it has read the head of a request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Status and, if it announces one, the length of the body.
    Head(u16, Option<usize>),
    Data(Bytes),
    /// The same data again and again.
    Repeat(Bytes, usize),
    Reset(Reason),
    GoAway(Reason),
    Stall,
    End,
}

/// The script for each request, by its target.
pub(crate) type Reply = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

pub(crate) async fn serve(stream: TcpStream, counts: Arc<Counts>, reply: Reply) {
    stream.set_nodelay(true).unwrap();
    let Ok(mut connection) = server::handshake(stream).await else { return };
    let (go_away, mut going) = unbounded_channel();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                counts.request();
                let script = reply(request.uri().path());
                let (counts, go_away) = (Arc::clone(&counts), go_away.clone());
                tokio::spawn(async move { play(respond, &counts, &script, &go_away).await });
            }
            Some(reason) = going.recv() => connection.abrupt_shutdown(reason),
        }
    }
}

async fn play(
    mut respond: server::SendResponse<Bytes>,
    counts: &Counts,
    script: &[Step],
    go_away: &UnboundedSender<Reason>,
) {
    let mut body: Option<SendStream<Bytes>> = None;
    for step in script {
        match (step, &mut body) {
            (Step::Head(status, length), _) => {
                let mut head = Response::builder().status(*status).header("x-oss-request-id", "65A1");
                if let Some(length) = length {
                    head = head.header("content-length", *length);
                }
                body = respond.send_response(head.body(()).unwrap(), false).ok();
            }
            (Step::Data(data), Some(body)) => {
                if !send(body, data).await {
                    return counts.reset();
                }
            }
            (Step::Repeat(data, times), Some(body)) => {
                for _ in 0..*times {
                    if !send(body, data).await {
                        return counts.reset();
                    }
                }
            }
            (Step::Reset(reason), Some(body)) => {
                sleep(Duration::from_millis(50)).await; // h2 drops what it has not sent
                return body.send_reset(*reason);
            }
            (Step::Reset(reason), None) => return respond.send_reset(*reason),
            (Step::GoAway(reason), _) => go_away.send(*reason).unwrap_or_default(),
            (Step::End, Some(body)) => body.send_data(Bytes::new(), true).unwrap_or_default(),
            (Step::Stall, _) => std::future::pending().await,
            (Step::Data(_) | Step::Repeat(..) | Step::End, None) => return,
        }
    }
}

/// Sends data as the window allows. Returns false if the client has reset the stream.
async fn send(body: &mut SendStream<Bytes>, data: &Bytes) -> bool {
    if data.is_empty() {
        tokio::task::yield_now().await;
        return body.send_data(Bytes::new(), false).is_ok();
    }
    let mut rest = data.clone();
    while !rest.is_empty() {
        body.reserve_capacity(rest.len());
        let Some(Ok(capacity)) = poll_fn(|cx| body.poll_capacity(cx)).await else { return false };
        let part = rest.split_to(capacity.min(rest.len()));
        if body.send_data(part, false).is_err() {
            return false;
        }
    }
    true
}
