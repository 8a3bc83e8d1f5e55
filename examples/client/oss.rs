//! The operations, in a few lines each: a request, a call of the stack, and the result from the
//! response.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tower::ServiceExt;
use tower_oss::{Error, error::NotSentError};

use crate::stack::Client;

const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: AsciiSet = UNRESERVED.remove(b'/');

/// A bucket and its client.
#[derive(Clone)]
pub(crate) struct Bucket {
    client: Client,
    /// The address of the bucket, without a slash at the end.
    url: String,
}

#[derive(Deserialize)]
struct InitiateMultipartUploadResult {
    #[serde(rename = "UploadId")]
    upload_id: String,
}

#[derive(Deserialize)]
struct ListBucketResult {
    #[serde(rename = "Contents", default)]
    contents: Vec<Listed>,
}

/// An object in a list.
#[derive(Deserialize)]
pub(crate) struct Listed {
    #[serde(rename = "Key")]
    pub(crate) key: String,
    #[serde(rename = "Size")]
    pub(crate) size: u64,
}

impl Bucket {
    pub(crate) fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Stores an object. Returns its ETag.
    pub(crate) async fn put(&self, key: &str, bytes: impl Into<Bytes>) -> Result<String, Error> {
        let response = self.send(Method::PUT, key, "", bytes.into()).await?;
        Ok(text(response.headers(), "etag"))
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Bytes, Error> {
        read(self.send(Method::GET, key, "", Bytes::new()).await?).await
    }

    /// The result of a HEAD: size and content type.
    pub(crate) async fn head(&self, key: &str) -> Result<(String, String), Error> {
        let response = self.send(Method::HEAD, key, "", Bytes::new()).await?;
        let headers = response.headers();
        Ok((text(headers, header::CONTENT_LENGTH.as_str()), text(headers, header::CONTENT_TYPE.as_str())))
    }

    /// The first thousand objects with this prefix.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<Listed>, Error> {
        let query = format!("list-type=2&max-keys=1000&prefix={}", utf8_percent_encode(prefix, &UNRESERVED));
        let document = read(self.send(Method::GET, "", &query, Bytes::new()).await?).await?;
        let result: ListBucketResult = quick_xml::de::from_reader(&document[..]).map_err(Error::transport)?;
        Ok(result.contents)
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), Error> {
        self.send(Method::DELETE, key, "", Bytes::new()).await.map(drop)
    }

    /// Stores an object in parts. Calls `progress` with the size of each stored part.
    ///
    /// If a part fails, the upload is aborted, because OSS charges for stored parts.
    pub(crate) async fn upload(
        &self,
        key: &str,
        parts: impl Iterator<Item = std::io::Result<Bytes>>,
        progress: impl Fn(u64),
    ) -> Result<(), Error> {
        let document = read(self.send(Method::POST, key, "uploads", Bytes::new()).await?).await?;
        let begun: InitiateMultipartUploadResult =
            quick_xml::de::from_reader(&document[..]).map_err(Error::transport)?;
        let id = format!("uploadId={}", begun.upload_id);
        let result = self.upload_parts(key, &id, parts, progress).await;
        if result.is_err() {
            // `NoSuchUpload` is fine: an earlier abort whose response was lost may have succeeded.
            let _ = self.send(Method::DELETE, key, &id, Bytes::new()).await;
        }
        result
    }

    async fn upload_parts(
        &self,
        key: &str,
        id: &str,
        parts: impl Iterator<Item = std::io::Result<Bytes>>,
        progress: impl Fn(u64),
    ) -> Result<(), Error> {
        let mut named = String::new();
        for (number, part) in (1..).zip(parts) {
            let part = part.map_err(NotSentError::prepare)?;
            let size = part.len() as u64;
            let query = format!("partNumber={number}&{id}");
            let response = self.send(Method::PUT, key, &query, part).await?;
            let etag = text(response.headers(), "etag");
            named += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
            progress(size);
        }
        let document = format!("<CompleteMultipartUpload>{named}</CompleteMultipartUpload>");
        let response = self.send(Method::POST, key, id, document.into()).await?;
        read(response).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        key: &str,
        query: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Error> {
        let key = utf8_percent_encode(key, &PATH);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/{key}?{query}", self.url).trim_end_matches('?'))
            .body(Full::new(body))
            .map_err(NotSentError::prepare)?;
        self.client.clone().oneshot(request).await
    }
}

/// Reads the body of a success. The stack's timeouts do not cover it.
async fn read(response: Response<Incoming>) -> Result<Bytes, Error> {
    Ok(response.into_body().collect().await.map_err(Error::transport)?.to_bytes())
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or("none").to_owned()
}
