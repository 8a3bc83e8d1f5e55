use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use quick_xml::escape::escape;
use serde::Deserialize;
use tower_oss::{ErrorCode, test_util::ErrorResponse};

use super::{
    empty,
    store::{Object, Store},
};

type Result<T = Response> = std::result::Result<T, ErrorResponse>;

/// Executes the request.
pub(super) fn operate(store: &mut Store, bucket: &str, request: &Request<Bytes>) -> Result {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let (named, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path, ""));
    if named != bucket {
        return Err(ErrorResponse::new(ErrorCode::NoSuchBucket)
            .message("The specified bucket does not exist.")
            .ec("0015-00000101")
            .field("BucketName", named));
    }
    let upload = parameter(request, "uploadId");
    match (request.method(), key, upload.as_deref()) {
        (&Method::GET, "", _) => Ok(list(store, bucket, request)),
        (&Method::PUT, _, None) => Ok(put(store, key, request)),
        (&Method::PUT, _, Some(id)) => put_part(store, key, id, request),
        (&Method::GET | &Method::HEAD, _, None) => store.get(key).map(get),
        (&Method::POST, _, None) if parameter(request, "uploads").is_some() => {
            Ok(begin(store, bucket, key, request))
        }
        (&Method::POST, _, Some(id)) => complete(store, key, id, request),
        (&Method::DELETE, _, Some(id)) => store.abort(key, id).map(|()| empty(StatusCode::NO_CONTENT)),
        (&Method::DELETE, _, None) => {
            store.objects.remove(key);
            Ok(empty(StatusCode::NO_CONTENT))
        }
        _ => Err(ErrorResponse::new(ErrorCode::NotImplemented)
            .message("A header you provided implies functionality that is not implemented.")),
    }
}

fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let mut pairs = request.uri().query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

fn content_type(request: &Request<Bytes>) -> String {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or("application/octet-stream").to_owned()
}

fn put(store: &mut Store, key: &str, request: &Request<Bytes>) -> Response {
    let object = Object { bytes: request.body().clone(), content_type: content_type(request) };
    let etag = object.etag();
    store.objects.insert(key.to_owned(), object);
    with_etag(empty(StatusCode::OK), &etag)
}

fn put_part(store: &mut Store, key: &str, id: &str, request: &Request<Bytes>) -> Result {
    let number = parameter(request, "partNumber").and_then(|number| number.parse().ok());
    let number = number.filter(|number| (1..=10_000).contains(number)).ok_or_else(|| {
        ErrorResponse::new(ErrorCode::InvalidArgument)
            .message("Part number must be an integer between 1 and 10000, inclusive.")
            .field("ArgumentName", "partNumber")
    })?;
    let etag = store.put_part(key, id, number, request.body().clone())?;
    Ok(with_etag(empty(StatusCode::OK), &etag))
}

/// For HEAD, too: the server removes the body, and keeps its length.
fn get(object: &Object) -> Response {
    let mut response = with_etag(Response::new(Body::from(object.bytes.clone())), &object.etag());
    if let Ok(value) = object.content_type.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

fn list(store: &Store, bucket: &str, request: &Request<Bytes>) -> Response {
    let prefix = parameter(request, "prefix").unwrap_or_default();
    let found = store.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
    let contents: String = found
        .map(|(key, object)| {
            let (key, size) = (escape(key), object.bytes.len());
            let etag = object.etag();
            format!("<Contents><Key>{key}</Key><Size>{size}</Size><ETag>{}</ETag></Contents>", escape(etag))
        })
        .collect();
    let prefix = escape(prefix);
    xml(format!(
        "<ListBucketResult><Name>{bucket}</Name><Prefix>{prefix}</Prefix>{contents}</ListBucketResult>"
    ))
}

fn begin(store: &mut Store, bucket: &str, key: &str, request: &Request<Bytes>) -> Response {
    let id = store.begin(key, content_type(request));
    let key = escape(key);
    xml(format!(
        "<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{key}</Key>\
         <UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
    ))
}

#[derive(Deserialize)]
struct CompleteMultipartUpload {
    #[serde(rename = "Part", default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

fn complete(store: &mut Store, key: &str, id: &str, request: &Request<Bytes>) -> Result {
    let malformed = || {
        ErrorResponse::new(ErrorCode::MalformedXML).message(
            "The XML you provided was not well-formed or did not validate against our published schema.",
        )
    };
    let named: CompleteMultipartUpload =
        quick_xml::de::from_reader(&request.body()[..]).map_err(|_| malformed())?;
    if named.parts.is_empty() {
        return Err(malformed());
    }
    let named: Vec<_> = named.parts.into_iter().map(|part| (part.number, part.etag)).collect();
    let etag = store.complete(key, id, &named)?;
    let text = xml(format!(
        "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>",
        escape(&etag)
    ));
    Ok(with_etag(text, &etag))
}

fn xml(document: String) -> Response {
    let body = Body::from(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}"));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
    response
}

fn with_etag(mut response: Response, etag: &str) -> Response {
    if let Ok(value) = etag.parse() {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
