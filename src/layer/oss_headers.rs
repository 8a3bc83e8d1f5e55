use std::time::Duration;

use http::{HeaderMap, Response};

use crate::error::{X_OSS_EC, X_OSS_REQUEST_ID, header_str, qos_delay, server_time};

/// Extension trait that reads OSS's headers from any response, including a success.
///
/// Log the request ids of successes, too. OSS's support asks for one if a success is not what you
/// expected.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http::Response;
/// use tower_oss::layer::OssHeaders;
///
/// let response = Response::builder()
///     .header("x-oss-request-id", "65A1F0C2D3E4B5A697887766")
///     .header("x-oss-server-time", "18")
///     .body(())
///     .unwrap();
/// assert_eq!(response.oss_request_id(), Some("65A1F0C2D3E4B5A697887766"));
/// assert_eq!(response.server_time(), Some(Duration::from_millis(18)));
/// assert_eq!(response.qos_delay(), None);
/// ```
///
/// # Obtain the request id
///
/// | client | success | error |
/// |---|---|---|
/// | hyper-util | `response.oss_request_id()` | [`Error::request_id`](crate::Error::request_id) |
/// | reqwest | `response.headers().oss_request_id()`: its response has the same `HeaderMap` | the same |
/// | axum, as client or in a handler | `response.oss_request_id()` | the same |
///
/// [`FindOssError`](crate::FindOssError) finds the error if other layers have boxed it.
pub trait OssHeaders: sealed::Sealed {
    /// Returns the request id from `x-oss-request-id`, or `None` if it is missing, blank, or not
    /// ASCII.
    fn oss_request_id(&self) -> Option<&str>;

    /// Returns the fine-grained code (EC) from `x-oss-ec`. A success can have one.
    ///
    /// For diagnosis only, like [`OssError::ec`](crate::OssError::ec).
    fn oss_ec(&self) -> Option<&str>;

    /// Returns how long OSS delayed this response because a bandwidth limit was reached, at most a
    /// day.
    ///
    /// From `x-oss-qos-delay-time`. OSS sends it with successes, before the first 503. It does not
    /// say how long to wait. According to OSS's documentation, it is exact for uploads and an
    /// estimate for downloads.
    fn qos_delay(&self) -> Option<Duration>;

    /// Returns how long OSS worked on the request, at most a day. From `x-oss-server-time`.
    fn server_time(&self) -> Option<Duration>;
}

impl OssHeaders for HeaderMap {
    fn oss_request_id(&self) -> Option<&str> {
        header_str(self, &X_OSS_REQUEST_ID)
    }

    fn oss_ec(&self) -> Option<&str> {
        header_str(self, &X_OSS_EC)
    }

    fn qos_delay(&self) -> Option<Duration> {
        qos_delay(self)
    }

    fn server_time(&self) -> Option<Duration> {
        server_time(self)
    }
}

impl<B> OssHeaders for Response<B> {
    fn oss_request_id(&self) -> Option<&str> {
        self.headers().oss_request_id()
    }

    fn oss_ec(&self) -> Option<&str> {
        self.headers().oss_ec()
    }

    fn qos_delay(&self) -> Option<Duration> {
        self.headers().qos_delay()
    }

    fn server_time(&self) -> Option<Duration> {
        self.headers().server_time()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "so that nobody else implements it")]
    pub trait Sealed {}

    impl Sealed for http::HeaderMap {}
    impl<B> Sealed for http::Response<B> {}
}
