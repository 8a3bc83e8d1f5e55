//! The examples' signer with credentials that expire.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{
    ClockOffset, Error, ErrorCode, OssErrorLayer, RetryPolicy,
    error::{BoxError, NotSentReason},
    test_util::ErrorResponse,
};

use crate::signer::{Credentials, Keys, SignerLayer, Target, refresh};

/// A client of a server that accepts only the token with the number `taken`, and else responds with
/// this code. Fetching returns the tokens 1, 2, and so on.
fn client(
    code: ErrorCode,
    taken: &Arc<AtomicU32>,
    fetched: &Arc<AtomicU32>,
) -> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Error, Future: Send> + Clone + Send {
    let (taken, fetched) = (taken.clone(), fetched.clone());
    let credentials = Credentials::new(move || {
        let number = fetched.fetch_add(1, Relaxed) + 1;
        ready(Ok(Keys::new("id", "secret", Some(number.to_string()))))
    });
    let server = move |request: Request<()>| {
        let (taken, code) = (taken.clone(), code.clone());
        async move {
            tokio::task::yield_now().await; // so that all requests are in flight
            let is_taken = request.headers()["x-oss-security-token"] == taken.load(Relaxed).to_string();
            Ok::<_, BoxError>(if is_taken {
                Response::new(Full::default())
            } else {
                ErrorResponse::new(code).response()
            })
        }
    };
    let target = Target { bucket: "b".to_owned(), region: "cn-hangzhou".to_owned() };
    ServiceBuilder::new()
        .retry(RetryPolicy::new().classify(refresh).random(|| 0.0))
        .layer(OssErrorLayer::new())
        .layer(SignerLayer::new(credentials, target, ClockOffset::new()))
        .service(service_fn(server))
}

fn post() -> Request<()> {
    Request::post("http://b.example.com/k?append&position=0").body(()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_of_a_hundred_calls_with_an_expired_token_fetches_and_all_succeed() {
    for code in
        [ErrorCode::SecurityTokenExpired, ErrorCode::InvalidAccessKeyId, ErrorCode::InvalidSecurityToken]
    {
        let (taken, fetched) = (Arc::new(AtomicU32::new(1)), Arc::default());
        let client = client(code.clone(), &taken, &fetched);
        assert!(client.clone().oneshot(post()).await.is_ok());
        assert_eq!(fetched.load(Relaxed), 1);

        taken.store(2, Relaxed);
        let results = join_all((0..100).map(|_| client.clone().oneshot(post()))).await;
        assert!(results.iter().all(Result::is_ok), "{code}: an append, too, is sent again");
        assert_eq!(fetched.load(Relaxed), 2, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_were_never_accepted_are_not_retried_but_fetched_again_for_the_next_call() {
    let (taken, fetched) = (Arc::new(AtomicU32::new(3)), Arc::default());
    let client = client(ErrorCode::SecurityTokenExpired, &taken, &fetched);
    let error = client.clone().oneshot(post()).await.unwrap_err();
    assert_eq!(*error.oss().unwrap().code(), ErrorCode::SecurityTokenExpired);
    assert_eq!((error.attempts(), fetched.load(Relaxed)), (2, 2));
    assert!(client.oneshot(post()).await.is_ok());
    assert_eq!(fetched.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn what_has_nothing_to_do_with_credentials_fetches_none() {
    let (taken, fetched) = (Arc::new(AtomicU32::new(1)), Arc::default());
    let client = client(ErrorCode::AccessDenied, &taken, &fetched);
    assert!(client.clone().oneshot(post()).await.is_ok());
    taken.store(2, Relaxed);
    assert_eq!(client.oneshot(post()).await.unwrap_err().attempts(), 1);
    assert_eq!(fetched.load(Relaxed), 1);
}

#[tokio::test]
async fn a_request_without_credentials_is_not_sent() {
    let credentials = Credentials::new(|| ready(Err("the metadata service does not respond".into())));
    let target = Target { bucket: "b".to_owned(), region: "cn-hangzhou".to_owned() };
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new().classify(refresh))
        .layer(OssErrorLayer::new())
        .layer(SignerLayer::new(credentials, target, ClockOffset::new()))
        .service(service_fn(|_: Request<()>| {
            ready(Ok::<_, BoxError>(Response::new(Full::<Bytes>::default())))
        }));
    let error = client.oneshot(post()).await.unwrap_err();
    assert!(matches!(&error, Error::NotSent(error) if error.reason() == NotSentReason::Prepare), "{error}");
    assert_eq!(error.attempts(), 0);
}
