//! Traits and sizes of the types. Most of it is checked at compile time.

use std::{
    fmt::{Debug, Display},
    future::Ready,
    marker::PhantomPinned,
    panic::UnwindSafe,
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use tower::{Layer, limit::RateLimit};
use tower_oss::{
    ClockOffset, Deadline, Error, ErrorClass, ErrorCode, FindOssError, OssError, OssErrorLayer, RetryPolicy,
    ThrottleLayer,
    error::{
        BodyKind, BodyState, BoxError, CodeOrigin, Explanation, FailedAttempt, FixedBy, History,
        NotSentError, NotSentReason, RetryStop, TransportError, TransportKind, UnknownCode,
    },
    layer::{ClassifyResponse, OssErrorService, OssRule, RequestInfo, ResponseFuture},
    retry::{Idempotency, OnceBody, OnceBodyError, RetryBudget, Verdict},
    test_util::{Answer, AnswerBody, ErrorResponse, Scripted},
    throttle,
    throttle::{Throttle, ThrottleHandle},
};

type HyperClient = Client<HttpConnector, Full<Bytes>>;
type HyperFuture = legacy::ResponseFuture;

fn is_thread_safe<T: Debug + Send + Sync + Unpin + 'static>() {}
fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
fn is_clone<T: Clone>() {}
fn is_value<T: Clone + Eq + std::hash::Hash + UnwindSafe>() {}
fn is_unwind_safe<T: UnwindSafe>() {}
fn is_layer<L: Layer<S> + Clone + Default, S>() {}

#[test]
fn everything_public_can_be_sent_shared_moved_and_printed() {
    is_thread_safe::<Error>();
    is_thread_safe::<OssError>();
    is_thread_safe::<TransportError>();
    is_thread_safe::<ErrorCode>();
    is_thread_safe::<UnknownCode>();
    is_thread_safe::<ErrorClass>();
    is_thread_safe::<BodyKind>();
    is_thread_safe::<BodyState>();
    is_thread_safe::<CodeOrigin>();
    is_thread_safe::<Explanation>();
    is_thread_safe::<OssErrorLayer>();
    is_thread_safe::<OssErrorService<HyperClient>>();
    is_thread_safe::<OssRule>();
    is_thread_safe::<RequestInfo>();
    is_thread_safe::<ResponseFuture<HyperFuture, Incoming>>();
    is_thread_safe::<Answer>();
    is_thread_safe::<AnswerBody>();
    is_thread_safe::<ErrorResponse>();
    is_thread_safe::<Scripted>();
    is_thread_safe::<RetryPolicy>();
    is_thread_safe::<RetryStop>();
    is_thread_safe::<RetryBudget>();
    is_thread_safe::<OnceBody<Incoming>>();
    is_thread_safe::<OnceBodyError>();
    is_thread_safe::<ClockOffset>();
    is_thread_safe::<Deadline>();
    is_thread_safe::<ThrottleLayer>();
    is_thread_safe::<ThrottleHandle>();
    is_thread_safe::<Throttle<HyperClient>>();
    is_thread_safe::<throttle::ResponseFuture<HyperClient, Full<Bytes>>>();
    is_thread_safe::<throttle::Change>();
    is_thread_safe::<throttle::ChangeKind>();
    is_thread_safe::<NotSentError>();
    is_thread_safe::<History>();
    is_thread_safe::<FailedAttempt>();
    is_thread_safe::<NotSentReason>();
}

#[test]
fn every_enum_in_logs_has_a_name_and_prints() {
    let names: [(&dyn Display, &str); 9] = [
        (&BodyKind::OssXml, BodyKind::OssXml.as_str()),
        (&BodyState::TimedOut, BodyState::TimedOut.as_str()),
        (&CodeOrigin::Inferred, CodeOrigin::Inferred.as_str()),
        (&ErrorClass::NotFound, ErrorClass::NotFound.as_str()),
        (&NotSentReason::QueueFull, NotSentReason::QueueFull.as_str()),
        (&RetryStop::OutcomeUnknown, RetryStop::OutcomeUnknown.as_str()),
        (&TransportKind::Connect, TransportKind::Connect.as_str()),
        (&Verdict::NotApplied, Verdict::NotApplied.as_str()),
        (&Idempotency::NotIdempotent, Idempotency::NotIdempotent.as_str()),
    ];
    for (value, name) in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        assert!(!value.to_string().is_empty());
    }
    // In a few words for people, and as OSS spells it.
    assert_eq!((FixedBy::Nobody.as_str(), &*FixedBy::Nobody.to_string()), ("nobody", "nobody: wait"));
    assert_eq!(ErrorCode::NoSuchKey.to_string(), "NoSuchKey".parse::<ErrorCode>().unwrap().as_str());
}

#[test]
fn errors_are_errors() {
    is_error::<Error>();
    is_error::<OssError>();
    is_error::<TransportError>();
    is_error::<NotSentError>();
    is_error::<OnceBodyError>();
}

#[test]
fn what_can_be_shared_can_be_cloned() {
    is_clone::<OssError>();
    is_clone::<OssErrorService<HyperClient>>();
    is_clone::<Explanation>();
    is_clone::<RequestInfo>();
    is_clone::<OssRule>();
    is_clone::<Answer>();
    is_clone::<ErrorResponse>();
    is_clone::<Scripted>();
}

#[test]
fn values_compare_hash_and_are_unwind_safe() {
    is_value::<ErrorCode>();
    is_value::<UnknownCode>();
    is_value::<ErrorClass>();
    is_value::<BodyKind>();
    is_value::<BodyState>();
    is_value::<CodeOrigin>();
    is_unwind_safe::<Explanation>();
    is_unwind_safe::<RequestInfo>();
    is_unwind_safe::<OssRule>();
}

#[test]
fn the_layer_and_the_future_have_no_bounds_on_what_they_wrap() {
    struct Anything;
    is_layer::<OssErrorLayer, Anything>();
    is_layer::<OssErrorLayer, RateLimit<Anything>>();

    fn is_unpin<T: Unpin>() {}
    is_unpin::<ResponseFuture<Ready<()>, PhantomPinned>>();
    fn is_send<T: Send>() {}
    is_send::<ResponseFuture<Ready<()>, std::cell::Cell<u8>>>();
}

#[test]
fn the_traits_can_be_objects() {
    let rule: &dyn ClassifyResponse = &OssRule;
    let error = ErrorResponse::new(ErrorCode::NoSuchKey).error();
    let found: &dyn FindOssError = &error;
    assert!(found.oss_error().is_some());
    let _ = rule;
}

#[test]
fn errors_are_small() {
    const POINTER: usize = size_of::<usize>();
    assert_eq!(size_of::<OssError>(), POINTER);
    assert_eq!(size_of::<Option<OssError>>(), POINTER);
    assert_eq!(size_of::<TransportError>(), POINTER);
    assert_eq!(size_of::<Error>(), 2 * POINTER);
    assert_eq!(size_of::<Result<(), Error>>(), 2 * POINTER);
    assert!(size_of::<Result<Response<Incoming>, Error>>() <= size_of::<Response<Incoming>>());
    assert!(size_of::<RequestInfo>() <= 4);
}

#[test]
fn the_service_adds_a_pointer_and_the_future_two() {
    fn future<F>() {
        let added = size_of::<ResponseFuture<F, Incoming>>() - size_of::<F>();
        assert!(added <= 16, "{added} bytes over {}", std::any::type_name::<F>());
    }
    future::<HyperFuture>();
    future::<()>();
    future::<bool>();
    future::<[u8; 3]>();
    future::<Option<Box<u8>>>();
    future::<[u64; 100]>();
    future::<Ready<Result<Response<Incoming>, BoxError>>>();

    assert_eq!(size_of::<OssErrorService<()>>(), 8);
    assert_eq!(size_of::<OssErrorService<HyperClient>>(), size_of::<HyperClient>() + 8);
}
