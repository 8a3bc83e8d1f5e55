//! The layer, its service and its future.

mod assemble;
mod classify;
mod future;
mod layer;
mod request;
mod service;
mod trace;

pub use self::{
    classify::{ClassifyResponse, OssRule},
    future::ResponseFuture,
    layer::OssErrorLayer,
    request::RequestInfo,
    service::OssErrorService,
};
