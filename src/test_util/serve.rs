use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::{AnswerBody, Scripted, script::ScriptEnded};
use crate::error::BoxError;

impl Scripted {
    /// Serves the script over HTTP/1.1 on a free port of the loopback interface, and returns the
    /// address.
    ///
    /// The server reads and records the request bodies. It stops with the tokio runtime, so each
    /// `#[tokio::test]` has its own.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be opened.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime with its I/O driver (`enable_io`).
    ///
    /// # Examples
    ///
    /// ```
    /// use http::Request;
    /// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// use tower_oss::test_util::{Answer, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let oss = Scripted::new([Answer::ok("")]);
    /// let address = oss.serve().await.unwrap();
    ///
    /// let client = Client::builder(TokioExecutor::new()).build_http();
    /// let request = Request::put(format!("http://{address}/k")).body("hello".to_owned()).unwrap();
    /// assert_eq!(client.request(request).await.unwrap().status(), 200);
    /// assert_eq!(oss.requests()[0].body(), "hello");
    /// # }
    /// ```
    pub async fn serve(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(accept(listener, self.clone()));
        Ok(address)
    }
}

async fn accept(listener: TcpListener, oss: Scripted) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = ServiceExt::<Request<Incoming>>::map_result(oss.reading_bodies(), respond_at_the_end);
        let service = TowerToHyperService::new(service);
        // Some tests break connections on purpose.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Responds with a 501 if the script has ended: a closed connection would not say what is missing.
fn respond_at_the_end(
    result: Result<Response<AnswerBody>, BoxError>,
) -> Result<Response<AnswerBody>, BoxError> {
    result.or_else(|error| Ok(error.downcast::<ScriptEnded>()?.response()))
}
