//! Compiler messages for stacks that cannot work. `.oneshot()` hides them behind a missing method,
//! so the stacks here are passed to a function with the bound, as in an application.
//!
//! The stacks are in this file. They are compiled only when the test compiles the file again with a
//! `cfg`.

#[cfg(tower_oss_messages)]
mod wrong {
    use std::io;

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::{Full, combinators::BoxBody};
    use tower::{BoxError, Service, ServiceBuilder, service_fn};
    use tower_oss::{OssErrorLayer, RetryPolicy, ThrottleLayer};

    fn is_client<B, S: Service<Request<B>>>(_: S) {}

    pub fn a_stream_that_is_not_wrapped() {
        type Stream = BoxBody<Bytes, BoxError>;
        let send = |_: Request<Stream>| async { Ok::<_, BoxError>(Response::new(Full::<Bytes>::default())) };
        let client = ServiceBuilder::new()
            .retry(RetryPolicy::new())
            .layer(OssErrorLayer::new())
            .service(service_fn(send));
        is_client::<Stream, _>(client);
    }

    pub fn no_error_layer_below() {
        let send = |_: Request<()>| async { Ok::<_, io::Error>(Response::new(Full::<Bytes>::default())) };
        let client = ServiceBuilder::new().retry(RetryPolicy::new()).service(service_fn(send));
        is_client::<(), _>(client);
    }

    pub fn no_error_layer_below_a_throttle() {
        let send = |_: Request<()>| async { Ok::<_, io::Error>(Response::new(Full::<Bytes>::default())) };
        is_client::<(), _>(ServiceBuilder::new().layer(ThrottleLayer::new()).service(service_fn(send)));
    }
}

#[cfg(not(tower_oss_messages))]
#[test]
fn the_compiler_says_what_to_do() {
    let profile = std::env::current_exe().expect("no path").ancestors().nth(2).map(ToOwned::to_owned);
    let target = profile.as_deref().and_then(std::path::Path::parent).expect("not below target");
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["rustc", "--quiet", "--offline", "--all-features", "--test", "messages", "--target-dir"]);
    cargo.arg(target).args(["--", "--cfg", "tower_oss_messages"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // The environment of this test would make build scripts of dependencies run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().expect("cargo did not run");
    let said = String::from_utf8_lossy(&output.stderr);
    for (message, note) in [
        ("`RetryPolicy` does not know how to send a body of type `BoxBody<", "wrap a stream in `OnceBody`"),
        (
            "`RetryPolicy` cannot classify errors of type `std::io::Error`",
            "put an `OssErrorLayer` below the policy",
        ),
        (
            "`ThrottleLayer` and `FindOssError` cannot read errors of type `std::io::Error`",
            "put an `OssErrorLayer` below the throttle",
        ),
    ] {
        assert!(said.contains(message) && said.contains(note), "{message}: {said}");
    }
    assert!(!output.status.success());
}
