//! Parsers for the six basic elements of an error document.

use std::hint::black_box;

use bytes::{Buf, Bytes};
use http::Response;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use serde::Deserialize;
use tower_oss::OssError;

/// This crate: the complete error, and its six elements.
pub fn ours(response: Response<Bytes>) -> OssError {
    let error = OssError::from_response(response);
    black_box(error.code().as_str());
    black_box(error.message());
    black_box(error.request_id());
    black_box(error.host_id());
    black_box(error.ec());
    black_box(error.recommend_doc());
    error
}

/// The six elements as texts of their own.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub struct Six {
    pub code: String,
    pub message: String,
    pub request_id: String,
    pub host_id: String,
    #[serde(rename = "EC")]
    pub ec: String,
    pub recommend_doc: String,
}

/// serde over a reader, as opendal reads them.
pub fn serde(body: Bytes) -> Six {
    quick_xml::de::from_reader(body.reader()).unwrap()
}

/// The events of quick-xml, for well-formed documents only.
pub fn events(body: &[u8]) -> Six {
    let mut reader = Reader::from_str(std::str::from_utf8(body).unwrap());
    let mut six = Six::default();
    let mut place = None;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                place = match tag.name().into_inner() {
                    "Code" => Some(&mut six.code),
                    "Message" => Some(&mut six.message),
                    "RequestId" => Some(&mut six.request_id),
                    "HostId" => Some(&mut six.host_id),
                    "EC" => Some(&mut six.ec),
                    "RecommendDoc" => Some(&mut six.recommend_doc),
                    _ => None,
                }
            }
            Event::Text(text) => {
                if let Some(place) = &mut place {
                    place.push_str(&text);
                }
            }
            Event::CData(text) => {
                if let Some(place) = &mut place {
                    place.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                if let Some(place) = &mut place {
                    match name.resolve_char_ref().unwrap() {
                        Some(c) => place.push(c),
                        None => place.push_str(resolve_predefined_entity(&name).unwrap_or_default()),
                    }
                }
            }
            Event::End(_) => place = None,
            Event::Eof => return six,
            _ => {}
        }
    }
}

/// The same members of a JSON document in its envelope.
pub fn json(body: &[u8]) -> Six {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Envelope {
        error: Six,
    }
    serde_json::from_slice::<Envelope>(body).unwrap().error
}

/// The minimum: each byte is read once and copied once.
pub fn floor(body: &[u8]) -> (usize, Vec<u8>) {
    (memchr::memchr_iter(b'<', body).count(), body.to_vec())
}
