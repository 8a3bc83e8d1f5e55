//! Typed errors for clients of Alibaba Cloud OSS.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod collect;
mod deadline;
mod decode;
mod error;
mod parse;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod throttle;

pub use self::{
    deadline::Deadline,
    decode::{ClassifyResponse, OssErrorLayer, OssErrorService, OssRule, RequestInfo, ResponseFuture},
    error::{
        BodyKind, BodyState, BoxError, CodeOrigin, Error, ErrorClass, ErrorCode, Explanation, FindOssError,
        OssError, ThrottleReason, ThrottledError, TransportError, UnknownCode,
    },
    throttle::{handle::ThrottleHandle, layer::ThrottleLayer, service::Throttle},
};
