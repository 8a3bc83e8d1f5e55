use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::error::{ErrorCode, OssError};

/// Builder for an error response, with headers and body as OSS sends them.
///
/// By default, the status is the one that OSS documents for the code, or 400. The message is the
/// meaning of the code. Request id and host are invented, and there is no EC.
///
/// # Examples
///
/// ```
/// use tower_oss::{ErrorCode, test_util::ErrorResponse};
///
/// let missing = ErrorResponse::new(ErrorCode::NoSuchBucket)
///     .ec("0015-00000101")
///     .field("BucketName", "b");
/// assert_eq!(missing.response().status(), 404);
/// assert!(missing.head_response().headers().contains_key("x-oss-err"));
///
/// let error = missing.error();
/// assert_eq!(*error.code(), ErrorCode::NoSuchBucket);
/// assert_eq!(error.field("BucketName"), Some("b"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ErrorResponse(Box<ResponseParts>);

#[derive(Clone, Debug)]
struct ResponseParts {
    code: ErrorCode,
    status: StatusCode,
    message: String,
    request_id: String,
    host_id: String,
    ec: Option<String>,
    fields: Vec<(String, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Xml,
    VectorJson,
    TableJson,
}

impl ErrorResponse {
    /// Creates a response with this code.
    pub fn new(code: impl Into<ErrorCode>) -> Self {
        let code = code.into();
        Self(Box::new(ResponseParts {
            status: code.documented_status().unwrap_or(StatusCode::BAD_REQUEST),
            message: code.meaning().unwrap_or("An error of another kind").to_owned(),
            code,
            request_id: "65A1F0C2D3E4B5A697887766".to_owned(),
            host_id: "example-bucket.oss-cn-hangzhou.aliyuncs.com".to_owned(),
            ec: None,
            fields: Vec::new(),
            headers: Vec::new(),
            shape: Shape::Xml,
        }))
    }

    /// Sets the status.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Sets the message.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Sets the request id, in body and header.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = id.into();
        self
    }

    /// Sets the host id.
    pub fn host_id(mut self, host: impl Into<String>) -> Self {
        self.0.host_id = host.into();
        self
    }

    /// Sets the EC, in body and header, and the link to OSS's page about it.
    pub fn ec(mut self, ec: impl Into<String>) -> Self {
        self.0.ec = Some(ec.into());
        self
    }

    /// Adds another element. A nested one has a path, as in `AccessDeniedDetail/AuthAction`.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.fields.push((name.into(), value.into()));
        self
    }

    /// Adds a header, or replaces one.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Sends JSON as vector buckets do: the elements inside an object `Error`.
    pub fn vector_json(mut self) -> Self {
        self.0.shape = Shape::VectorJson;
        self
    }

    /// Sends JSON as table buckets do: a message, and the code in the header `x-oss-error-type`.
    pub fn table_json(mut self) -> Self {
        self.0.shape = Shape::TableJson;
        self
    }

    /// Returns the response to any method but HEAD.
    #[must_use]
    pub fn response(&self) -> Response<Full<Bytes>> {
        self.complete().map(Full::new)
    }

    /// Returns the response to HEAD: no body, and the document in the header `x-oss-err`.
    #[must_use]
    pub fn head_response(&self) -> Response<Full<Bytes>> {
        to_head(self.complete()).map(Full::new)
    }

    /// Returns the error that the layer creates from the response.
    #[must_use]
    pub fn error(&self) -> OssError {
        OssError::from_response(self.complete())
    }

    pub(super) fn complete(&self) -> Response<Bytes> {
        let (content_type, body) = match self.0.shape {
            Shape::Xml => ("application/xml", self.xml()),
            Shape::VectorJson => ("application/json", self.vector_json_document()),
            Shape::TableJson => {
                ("application/json", serde_json::json!({ "message": self.0.message }).to_string())
            }
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.0.status;
        let length = response.body().len();
        let headers = response.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
        headers.insert(header::DATE, HeaderValue::from_static("Sun, 22 Nov 2026 08:00:00 GMT"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert("x-oss-server-time", HeaderValue::from_static("18"));
        let mut set = |name: &'static str, text: &str| {
            // Leaves out what is not a valid header value.
            HeaderValue::from_str(text).ok().map(|value| headers.insert(name, value))
        };
        set("x-oss-request-id", &self.0.request_id);
        if let Some(ec) = &self.0.ec {
            set("x-oss-ec", ec);
        }
        if let Shape::TableJson = self.0.shape {
            set("x-oss-error-type", self.0.code.as_str());
        }
        for (name, value) in &self.0.headers {
            headers.insert(name, value.clone());
        }
        response
    }

    /// The elements, in the order in which OSS writes them.
    fn elements(&self) -> Vec<ErrorElement> {
        let mut elements = Vec::new();
        let basic = [
            ("Code", self.0.code.as_str()),
            ("Message", &self.0.message),
            ("RequestId", &self.0.request_id),
            ("HostId", &self.0.host_id),
        ];
        let fields = self.0.fields.iter().map(|(path, value)| (&**path, &**value));
        for (path, value) in basic.into_iter().chain(fields) {
            ErrorElement::add(&mut elements, path, value);
        }
        if let Some(ec) = &self.0.ec {
            ErrorElement::add(&mut elements, "EC", ec);
            ErrorElement::add(
                &mut elements,
                "RecommendDoc",
                &format!("https://api.aliyun.com/troubleshoot?q={ec}"),
            );
        }
        elements
    }

    fn xml(&self) -> String {
        let elements: String =
            self.elements().iter().map(|element| format!("  {}\n", element.xml())).collect();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n{elements}</Error>\n")
    }

    fn vector_json_document(&self) -> String {
        format!("{{\"Error\":{}}}", ErrorElement::json(&self.elements()))
    }
}

/// An element of the document, with a text or with elements.
enum ErrorElement {
    Text(String, String),
    Nest(String, Vec<Self>),
}

impl ErrorElement {
    /// Adds the element of this path. Adjacent elements with the same parent share it.
    fn add(elements: &mut Vec<Self>, path: &str, value: &str) {
        match path.split_once('/') {
            None => elements.push(Self::Text(path.to_owned(), value.to_owned())),
            Some((outer, path)) => {
                if !matches!(elements.last(), Some(Self::Nest(name, _)) if name == outer) {
                    elements.push(Self::Nest(outer.to_owned(), Vec::new()));
                }
                if let Some(Self::Nest(_, inner)) = elements.last_mut() {
                    Self::add(inner, path, value);
                }
            }
        }
    }

    fn xml(&self) -> String {
        match self {
            Self::Text(name, value) => format!("<{name}>{}</{name}>", escape(value)),
            Self::Nest(name, inner) => {
                let inner: String = inner.iter().map(Self::xml).collect();
                format!("<{name}>{inner}</{name}>")
            }
        }
    }

    /// By hand, because a map of `serde_json` sorts its keys.
    fn json(elements: &[Self]) -> String {
        let member = |name: &str, value: &str| format!("{}:{value}", serde_json::json!(name));
        let members: Vec<_> = elements
            .iter()
            .map(|element| match element {
                Self::Text(name, value) => member(name, &serde_json::json!(value).to_string()),
                Self::Nest(name, inner) => member(name, &Self::json(inner)),
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Removes the body, as for HEAD. An error document of OSS moves into `x-oss-err`.
pub(super) fn to_head(response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    if head.headers.contains_key("x-oss-request-id") {
        if let Ok(value) = HeaderValue::from_str(&BASE64_STANDARD.encode(body)) {
            head.headers.insert("x-oss-err", value);
        }
    }
    Response::from_parts(head, Bytes::new())
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() => escaped.extend(["&#", &u32::from(c).to_string(), ";"]),
            c => escaped.push(c),
        }
    }
    escaped
}
