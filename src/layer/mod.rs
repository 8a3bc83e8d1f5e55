//! Error responses become typed errors.
//!
//! [`OssErrorLayer`] makes [`OssErrorService`]. A success costs no allocation and no clone. [`OssHeaders`] reads what
//! OSS says in the headers of a success.
//!
//! # Limits
//!
//! | | limit |
//! |---|---|
//! | bytes kept of an error body | 64 KiB ([`body_limit`](OssErrorLayer::body_limit)) |
//! | bytes read of it, so that the connection can be reused | 1 MiB ([`drain_limit`](OssErrorLayer::drain_limit)) |
//! | time for it to arrive | 5 s ([`body_deadline`](OssErrorLayer::body_deadline)) |
//! | time without a byte of it, where the status is 429 or 5xx | 1 s ([`body_idle_timeout`](OssErrorLayer::body_idle_timeout)) |
//! | time without a byte once the error document has ended | 50 ms ([`grace`](OssErrorLayer::grace)) |
//! | elements kept besides the basic ones | 256, 8 levels deep, names of up to 256 bytes |
//! | text shown of any one value | 512 characters |
//!
//! Past a limit the error is built from what has arrived, and [`body_state`](crate::OssError::body_state) says so. Memory
//! for one error that is being read stays below 128 KiB; a document made for the purpose can double that. An error
//! keeps the buffer from which its headers were read: hyper's can have grown to 400 KiB. If you keep many errors, keep
//! their [`report`](crate::OssError::report).

mod assemble;
mod classify;
mod collect;
mod document_end;
mod error_event;
mod error_layer;
mod future;
mod limits;
mod oss_headers;
mod request;
mod service;
mod trace;

pub use self::{
    classify::{ClassifyResponse, OssRule},
    error_event::ErrorEvent,
    error_layer::OssErrorLayer,
    future::ResponseFuture,
    oss_headers::OssHeaders,
    request::RequestInfo,
    service::OssErrorService,
};
