//! The layer, its service and its future.

mod assemble;
mod classify;
mod collect;
mod error_layer;
mod future;
mod request;
mod service;
mod trace;

pub use self::{
    classify::{ClassifyResponse, OssRule},
    error_layer::OssErrorLayer,
    future::ResponseFuture,
    request::RequestInfo,
    service::OssErrorService,
};
