use std::collections::BTreeMap;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tower_oss::{ErrorCode, test_util::ErrorResponse};

/// OSS accepts no smaller part, except the last one.
const MIN_PART: usize = 100 * 1024;

/// The objects of a bucket, and the uploads that are not complete.
#[derive(Default)]
pub(super) struct Store {
    pub(super) objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, Upload>,
    begun: u64,
}

#[derive(Clone)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) content_type: String,
}

struct Upload {
    key: String,
    content_type: String,
    parts: BTreeMap<u32, Bytes>,
}

impl Object {
    pub(super) fn etag(&self) -> String {
        etag(&self.bytes)
    }
}

/// 32 digits in quotes, like OSS's, but not MD5.
pub(super) fn etag(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02X}")).collect();
    format!("\"{digits}\"")
}

impl Store {
    /// The object, or the error that OSS sends if there is none.
    pub(super) fn get(&self, key: &str) -> Result<&Object, ErrorResponse> {
        self.objects.get(key).ok_or_else(|| {
            ErrorResponse::new(ErrorCode::NoSuchKey)
                .message("The specified key does not exist.")
                .ec("0026-00000001")
                .field("Key", key)
        })
    }

    pub(super) fn begin(&mut self, key: &str, content_type: String) -> String {
        self.begun += 1;
        let id = format!("0004B9894A22E5B1888A{:012X}", self.begun);
        let upload = Upload { key: key.to_owned(), content_type, parts: BTreeMap::new() };
        self.uploads.insert(id.clone(), upload);
        id
    }

    fn upload(&mut self, key: &str, id: &str) -> Result<&mut Upload, ErrorResponse> {
        let upload = self.uploads.get_mut(id).filter(|upload| upload.key == key);
        upload.ok_or_else(|| {
            ErrorResponse::new(ErrorCode::NoSuchUpload)
                .message(
                    "The specified upload does not exist. The upload ID may be invalid, \
                     or the upload may have been aborted or completed.",
                )
                .ec("0042-00000002")
                .field("UploadId", id)
        })
    }

    pub(super) fn put_part(
        &mut self,
        key: &str,
        id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<String, ErrorResponse> {
        let etag = etag(&bytes);
        self.upload(key, id)?.parts.insert(number, bytes);
        Ok(etag)
    }

    /// Makes an object from these parts, given by number and ETag.
    pub(super) fn complete(
        &mut self,
        key: &str,
        id: &str,
        named: &[(u32, String)],
    ) -> Result<String, ErrorResponse> {
        let upload = self.upload(key, id)?;
        let mut bytes = Vec::new();
        for (place, (number, tag)) in named.iter().enumerate() {
            let part = upload.parts.get(number).filter(|part| etag(part) == *tag);
            let part = part.ok_or_else(|| {
                ErrorResponse::new(ErrorCode::InvalidPart).message(
                    "One or more of the specified parts could not be found or the entity tag does not match.",
                )
            })?;
            if part.len() < MIN_PART && place + 1 < named.len() {
                return Err(ErrorResponse::new(ErrorCode::EntityTooSmall)
                    .message("Your proposed upload is smaller than the minimum allowed size."));
            }
            bytes.extend_from_slice(part);
        }
        let object = Object { bytes: bytes.into(), content_type: upload.content_type.clone() };
        let etag = object.etag();
        self.uploads.remove(id);
        self.objects.insert(key.to_owned(), object);
        Ok(etag)
    }

    pub(super) fn abort(&mut self, key: &str, id: &str) -> Result<(), ErrorResponse> {
        self.upload(key, id)?;
        self.uploads.remove(id);
        Ok(())
    }
}
