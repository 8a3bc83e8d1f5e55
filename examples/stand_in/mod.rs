//! Serves a service, such as `Scripted`, over real hyper on a free port of the loopback interface.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::Service;
use tower_oss::{error::BoxError, test_util::AnswerBody};

/// Starts the stand-in and returns its address. It ends with the runtime.
pub(crate) async fn serve<S>(oss: S) -> io::Result<SocketAddr>
where
    S: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(oss.clone());
            // A connection that breaks is part of the show.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}
