//! The layer, its service and its future.

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
