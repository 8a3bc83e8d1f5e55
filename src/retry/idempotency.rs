use http::{Method, Request};

/// Whether a request may be sent again although it may have been applied: a request extension that overrides what the
/// policy sees by itself.
///
/// By itself it takes GET, HEAD, PUT, DELETE, OPTIONS and TRACE for idempotent, except
///
/// - `?append`: the second time, the position is wrong, or the bytes are there twice;
/// - a PUT with `x-oss-forbid-overwrite: true`: the second time, the object exists;
/// - an upload with a callback: the second time, the application server is called again.
///
/// In a bucket with versioning, a repeated PUT or DELETE leaves one more version or delete marker.
///
/// POST is not: `CompleteMultipartUpload`, for one, finds no upload the second time.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use tower_oss::retry::Idempotency;
///
/// // Deleting many objects is a POST, but doing it twice does no harm.
/// let mut request = Request::post("https://b.oss-cn-hangzhou.aliyuncs.com/?delete").body(()).unwrap();
/// assert_eq!(Idempotency::of(&request), Idempotency::NotIdempotent);
///
/// request.extensions_mut().insert(Idempotency::Idempotent);
/// assert_eq!(Idempotency::of(&request), Idempotency::Idempotent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Idempotency {
    /// Applied twice, it does what it does applied once.
    Idempotent,
    /// It must not be applied twice.
    NotIdempotent,
}

impl Idempotency {
    /// What holds for this request: its extension, else what its method, query and headers say.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        if let Some(known) = request.extensions().get() {
            return *known;
        }
        if by_method(request.method()) && !has_trap(request) { Self::Idempotent } else { Self::NotIdempotent }
    }
}

fn by_method(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    )
}

/// Requests of OSS that are not what their method promises.
fn has_trap<B>(request: &Request<B>) -> bool {
    let upload = *request.method() == Method::PUT;
    let header = |name| request.headers().get(name);
    let forbids_overwrite = header("x-oss-forbid-overwrite")
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"false"));
    upload && (forbids_overwrite || header("x-oss-callback").is_some())
        || query_names(request)
            .any(|name| name == "append" || upload && matches!(name, "callback" | "x-oss-callback"))
}

/// The names of the query's parameters.
fn query_names<B>(request: &Request<B>) -> impl Iterator<Item = &str> {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
}

/// Whether a request could change anything at all.
pub(super) fn changes_something(method: &Method) -> bool {
    !method.is_safe()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, uri: &str, header: Option<(&str, &str)>) -> bool {
        let request = Request::builder().method(method).uri(uri);
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        Idempotency::of(&request.body(()).unwrap()) == Idempotency::Idempotent
    }

    #[test]
    fn methods_are_what_http_says() {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
            assert!(of(method, "/k?uploadId=1&partNumber=2", None), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "PURGE"] {
            assert!(!of(method, "/k", None), "{method}");
        }
    }

    #[test]
    fn the_traps_of_oss_are_seen() {
        assert!(!of("POST", "/k?uploadId=1", None), "CompleteMultipartUpload");
        for method in ["PUT", "POST"] {
            for uri in ["/k?append&position=0", "/k?position=0&append=", "/k?append"] {
                assert!(!of(method, uri, None), "{uri}");
            }
        }
        assert!(!of("PUT", "/k", Some(("x-oss-forbid-overwrite", "true"))));
        assert!(of("PUT", "/k", Some(("x-oss-forbid-overwrite", "False"))));
        assert!(!of("PUT", "/k", Some(("x-oss-callback", "e30="))));
        assert!(!of("PUT", "/k?callback=e30=", None));
        assert!(of("GET", "/append?prefix=append&callback=x", None));
    }
}
