use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::Full;
use quick_xml::escape::escape;

use super::{Error, NotSentReason, OssError, X_OSS_EC, X_OSS_ERR, X_OSS_REQUEST_ID};

impl OssError {
    /// Converts the error into a response, for gateways.
    ///
    /// The response has the same status, or 502 for a 1xx, which no client takes for a response. Its
    /// XML document has the code, the message, the request id, the EC and the host id, so a client
    /// of OSS understands it. The headers have the request id, the EC, and `Retry-After` in seconds.
    ///
    /// All other elements and headers are left out, because some are secret. Texts are shown as by
    /// `Display`: on one line, at most 512 characters each, without secrets.
    ///
    /// For a HEAD request, use [`to_head_response`](Self::to_head_response). A status without a
    /// body, such as 304, gets the HEAD form.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::Response;
    /// use tower_oss::OssError;
    ///
    /// let body = "<Error><Code>NoSuchKey</Code><RequestId>65A1</RequestId><Key>a.txt</Key></Error>";
    /// let response = Response::builder().status(404).body(Bytes::from(body)).unwrap();
    /// let error = OssError::from_response(response);
    ///
    /// let response = error.to_response();
    /// assert_eq!(response.status(), 404);
    /// assert_eq!(response.headers()["x-oss-request-id"], "65A1");
    /// ```
    #[must_use]
    pub fn to_response(&self) -> Response<Full<Bytes>> {
        self.page().response()
    }

    /// Converts the error into a response to a HEAD request: without a body, and with the document
    /// of [`to_response`](Self::to_response) in the header `x-oss-err`.
    ///
    /// There, a document of more than 8 KiB loses its host id and the end of its message: clients
    /// limit the size of a head, those of HTTP/2 often to 16 KiB.
    #[must_use]
    pub fn to_head_response(&self) -> Response<Full<Bytes>> {
        self.page().head_response()
    }

    fn page(&self) -> Page {
        let texts = [
            ("Code", Some(self.code().as_str())),
            ("Message", self.message()),
            ("RequestId", self.request_id()),
            ("HostId", self.host_id()),
            ("EC", self.ec()),
        ];
        let shown = |text| self.shown(text).to_string();
        Page {
            status: if self.status().is_informational() { StatusCode::BAD_GATEWAY } else { self.status() },
            elements: texts.iter().filter_map(|(name, text)| Some((*name, text.map(shown)?))).collect(),
            retry_after: self.retry_after(),
        }
    }
}

impl Error {
    /// Converts the error into a response, for a gateway whose call of OSS failed.
    ///
    /// | error | status |
    /// |---|---|
    /// | `Oss` | as it came, by [`OssError::to_response`] |
    /// | `Transport` | 504 if a time limit passed, also while connecting, else 502 |
    /// | `NotSent` by the throttle, or shed by tower's `LoadShed` | 503, with `Retry-After` |
    /// | `NotSent`, because it could not be prepared | 500 |
    ///
    /// `method` is the method of the request to the gateway: a response to HEAD has no body.
    ///
    /// If the last attempt had no response, the message is the text of `Display`. The request id is
    /// that of the last attempt that had a response, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{Method, Request};
    /// use tower::{Layer, ServiceExt};
    /// use tower_oss::{OssErrorLayer, test_util::{Answer, Scripted}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let offline = Scripted::new([Answer::fault(std::io::ErrorKind::ConnectionRefused)]);
    /// let error = OssErrorLayer::new().layer(offline).oneshot(Request::new(())).await.unwrap_err();
    /// assert_eq!(error.gateway_response(&Method::GET).status(), 502);
    /// # }
    /// ```
    #[must_use]
    pub fn gateway_response(&self, method: &Method) -> Response<Full<Bytes>> {
        let page = match self {
            Self::Oss(error) => error.page(),
            Self::Transport(error) if error.is_timeout() => {
                self.own_page(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", None)
            }
            Self::Transport(error) if error.is_overloaded() => self.overloaded(Duration::ZERO),
            Self::Transport(_) => self.own_page(StatusCode::BAD_GATEWAY, "BadGateway", None),
            Self::NotSent(error) if error.reason() == NotSentReason::Prepare => {
                self.own_page(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", None)
            }
            Self::NotSent(error) => self.overloaded(error.wait()),
        };
        if *method == Method::HEAD { page.head_response() } else { page.response() }
    }

    fn overloaded(&self, wait: Duration) -> Page {
        let wait = wait.max(Duration::from_secs(1));
        self.own_page(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", Some(wait))
    }

    fn own_page(&self, status: StatusCode, code: &str, retry_after: Option<Duration>) -> Page {
        let mut elements = vec![("Code", code.to_owned()), ("Message", self.to_string())];
        if let Some((error, id)) = self.last_oss_error().and_then(|error| Some((error, error.request_id()?)))
        {
            elements.push(("RequestId", error.shown(id).to_string()));
        }
        Page { status, elements, retry_after }
    }
}

/// The content of an error response.
struct Page {
    status: StatusCode,
    /// Names and texts, in document order.
    elements: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
}

impl Page {
    fn response(&self) -> Response<Full<Bytes>> {
        // A server drops the body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
        if matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            return self.head_response();
        }
        let mut response = self.head(document(&self.elements));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        response
    }

    fn head_response(&self) -> Response<Full<Bytes>> {
        let mut response = self.head(String::new());
        insert(&mut response, &X_OSS_ERR, &BASE64_STANDARD.encode(self.short_document()));
        response
    }

    /// The document for a header, at most [`MAX_IN_HEADER`] long. Request id and EC have headers of
    /// their own.
    fn short_document(&self) -> String {
        let mut elements = self.elements.clone();
        let mut document = document(&elements);
        for name in ["HostId", "Message", "EC", "RequestId"] {
            let Some(excess) = document.len().checked_sub(MAX_IN_HEADER).filter(|excess| *excess > 0) else {
                break;
            };
            let Some(at) = elements.iter().position(|(known, _)| *known == name) else { continue };
            let kept = if name == "Message" { shortened(&elements[at].1, excess) } else { String::new() };
            if kept.is_empty() {
                elements.remove(at);
            } else {
                elements[at].1 = kept;
            }
            document = self::document(&elements);
        }
        document
    }

    fn head(&self, body: String) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = self.status;
        for (name, text) in &self.elements {
            match *name {
                "RequestId" => insert(&mut response, &X_OSS_REQUEST_ID, text),
                "EC" => insert(&mut response, &X_OSS_EC, text),
                _ => {}
            }
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().ceil() as u64;
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Maximum length of a document in a header. In base64 and with the other headers, it stays below
/// the 16 KiB that hyper's HTTP/2 client accepts.
const MAX_IN_HEADER: usize = 8 * 1024;

fn document(elements: &[(&str, String)]) -> String {
    let element = |(name, text): &(&str, String)| format!("  <{name}>{}</{name}>\n", escape(text));
    let elements: String = elements.iter().map(element).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n{elements}</Error>\n")
}

/// A text without its end, so that the escaped text is shorter by `excess` bytes at least.
fn shortened(text: &str, excess: usize) -> String {
    const MARK: &str = "…";
    let room = escape(text).len().saturating_sub(excess + MARK.len());
    let ends = text.char_indices().scan(0, |length, (at, c)| {
        *length += escape(&text[at..at + c.len_utf8()]).len();
        Some((at + c.len_utf8(), *length))
    });
    match ends.take_while(|(_, length)| *length <= room).last() {
        Some((end, _)) => format!("{}{MARK}", &text[..end]),
        None => String::new(),
    }
}

/// Inserts a header, unless the text is not a valid header value.
fn insert<B>(response: &mut Response<B>, name: &HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}
