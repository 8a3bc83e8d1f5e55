//! Turns error responses into typed errors.
//!
//! [`OssErrorLayer`] wraps a service in [`OssErrorService`]. A success costs no allocation and no
//! clone. [`OssHeaders`] reads OSS's headers of successes.
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
//! When a limit is reached, the error is built from what has arrived, and
//! [`body_state`](crate::OssError::body_state) says so. Reading an error takes less than 128 KiB of
//! memory, or twice that for a hostile document. An error keeps the buffer from which its headers
//! were read: hyper's can have grown to 400 KiB. If you keep many errors, keep their
//! [`report`](crate::OssError::report) instead.

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
