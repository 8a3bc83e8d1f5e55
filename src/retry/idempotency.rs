//! Whether a request can be sent twice: by its method, its query and its headers.

use std::fmt;

use http::{Method, Request};

use crate::callback::names_callback;

/// Whether sending the request twice has the same effect as sending it once.
///
/// The policy has a rule. As a request extension, this overrides the rule.
///
/// By the rule, GET, HEAD, PUT, DELETE, OPTIONS and TRACE are idempotent, except
///
/// - `?append`: the second time, the position is wrong, or the bytes are there twice;
/// - a PUT with `x-oss-forbid-overwrite`, unless the value is `false`: the second time, the object
///   exists;
/// - an upload with a callback: the second time, the application server is called again.
///
/// In a bucket with versioning, a repeated PUT or DELETE leaves one more version or delete marker.
///
/// POST is not idempotent: `CompleteMultipartUpload`, for example, finds no upload the second time.
/// POSTs that only read are idempotent, like GET: `QueryVectors`, `GetVectors`, `GetVectorIndex`,
/// `ListVectors` and `ListVectorIndexes` of vector buckets, `DoMetaQuery`, and `SelectObject`.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use tower_oss::retry::Idempotency;
///
/// // Deleting many objects is a POST, but doing it twice does no harm.
/// let mut request = Request::post("https://b.example.com/?delete").body(()).unwrap();
/// assert_eq!(Idempotency::of(&request), Idempotency::NotIdempotent);
///
/// request.extensions_mut().insert(Idempotency::Idempotent);
/// assert_eq!(Idempotency::of(&request), Idempotency::Idempotent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Idempotency {
    /// The request can be sent again, even if it may have taken effect.
    Idempotent,
    /// The request must not take effect twice.
    NotIdempotent,
}

impl Idempotency {
    /// Returns the extension of the request, or else applies the rule to its method, query and
    /// headers.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        if let Some(known) = request.extensions().get() {
            return *known;
        }
        let idempotent =
            by_method(request.method()) && !has_effect_twice(request) || is_reading_post(request);
        if idempotent { Self::Idempotent } else { Self::NotIdempotent }
    }

    /// Returns the name in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idempotent => "idempotent",
            Self::NotIdempotent => "not_idempotent",
        }
    }
}

impl fmt::Display for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn by_method(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    )
}

/// Whether the request is one of OSS's that are not idempotent although their method is.
fn has_effect_twice<B>(request: &Request<B>) -> bool {
    let upload = *request.method() == Method::PUT;
    upload && (forbids_overwrite(request) || names_callback(request))
        || query_pairs(request).any(|(name, _)| name == "append")
}

fn forbids_overwrite<B>(request: &Request<B>) -> bool {
    let value = request.headers().get("x-oss-forbid-overwrite");
    value.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"false"))
}

/// Queries of POSTs that only read: the name of a parameter, and optionally a parameter that must
/// have this value.
///
/// Names and methods are those of the Go SDK v2 (`oss/vectors/api_op_vector.go`, `api_op_index.go`,
/// `oss/api_op_bucket_metaquery.go`) and of the API page of SelectObject. A POST that is not listed
/// may change something: `metaQuery` with another `comp` opens or closes the index, and another
/// `x-oss-process` may store an object.
const READING_POSTS: [(&str, Option<(&str, &str)>); 8] = [
    ("getVectorIndex", None),
    ("getVectors", None),
    ("listVectorIndexes", None),
    ("listVectors", None),
    ("queryVectors", None),
    ("metaQuery", Some(("comp", "query"))),
    ("x-oss-process", Some(("x-oss-process", "csv/select"))),
    ("x-oss-process", Some(("x-oss-process", "json/select"))),
];

fn is_reading_post<B>(request: &Request<B>) -> bool {
    let has = |wanted: &str, value: Option<&str>| {
        query_pairs(request)
            .any(|(name, given)| name == wanted && value.is_none_or(|value| equals_encoded(given, value)))
    };
    *request.method() == Method::POST
        && READING_POSTS
            .iter()
            .any(|(name, pair)| has(name, None) && pair.is_none_or(|(name, value)| has(name, Some(value))))
        // An operation that only reads has no `?append`.
        && !has_effect_twice(request)
}

/// Whether a query value equals this text, in which `/` may be percent-encoded.
fn equals_encoded(given: &str, text: &str) -> bool {
    given == text || given.replacen("%2F", "/", 1).replacen("%2f", "/", 1) == text
}

fn query_pairs<B>(request: &Request<B>) -> impl Iterator<Item = (&str, &str)> {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Whether the request could change anything.
pub(super) fn changes_something<B>(request: &Request<B>) -> bool {
    !request.method().is_safe() && !is_reading_post(request)
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
    fn methods_are_idempotent_as_http_defines() {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
            assert!(of(method, "/k?uploadId=1&partNumber=2", None), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "PURGE"] {
            assert!(!of(method, "/k", None), "{method}");
        }
    }

    #[test]
    fn appends_callbacks_and_forbidden_overwrites_are_not_idempotent() {
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
    #[test]
    fn posts_that_only_read_are_reads() {
        for (uri, reads) in [
            ("/?queryVectors", true),
            ("/?queryVectors=&x=1", true),
            ("/?getVectors", true),
            ("/?getVectorIndex", true),
            ("/?listVectors", true),
            ("/?listVectorIndexes", true),
            ("/?metaQuery&comp=query", true),
            ("/?comp=query&mode=semantic&metaQuery", true),
            ("/k?x-oss-process=csv/select", true),
            ("/k?x-oss-process=json%2Fselect", true),
            ("/k?x-oss-process=csv%2fselect", true),
            ("/?putVectors", false),
            ("/?deleteVectors", false),
            ("/?metaQuery", false),
            ("/?metaQuery&comp=delete", false),
            ("/?comp=query", false),
            ("/k?x-oss-process", false),
            ("/k?x-oss-process=csv/meta", false),
            ("/k?x-oss-process=image/resize,w_1|sys/saveas,o_a", false),
            ("/k?x-oss-process=csv/select|sys/saveas", false),
            ("/k?xqueryVectors", false),
            ("/?queryvectors", false),
            ("/queryVectors?a=queryVectors", false),
            ("/?queryVectors&append", false),
            ("/?unheardOf", false),
        ] {
            let request = Request::post(uri).body(()).unwrap();
            assert_eq!(of("POST", uri, None), reads, "{uri}");
            assert_eq!(changes_something(&request), !reads, "{uri}");
        }
        assert!(changes_something(&Request::put("/?queryVectors").body(()).unwrap()));
        assert!(!changes_something(&Request::get("/k").body(()).unwrap()));
        let mut request = Request::post("/?queryVectors").body(()).unwrap();
        request.extensions_mut().insert(Idempotency::NotIdempotent);
        assert_eq!(Idempotency::of(&request), Idempotency::NotIdempotent, "the extension overrides");
    }
}
