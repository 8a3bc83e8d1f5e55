use std::io::{self, ErrorKind};

use super::{
    Error, ErrorClass, ErrorCode, NotSentError, NotSentReason, OssError, TransportError, TransportKind,
};

/// Wraps the error, with the kind that fits: for code that speaks `std::io`, such as readers and
/// writers.
///
/// The kinds are those of files where there is one (`NotFound`, `PermissionDenied`,
/// `AlreadyExists`), those of sockets where there was no response, `ResourceBusy` where OSS or the
/// throttle asks for fewer requests, and else `Other`. [`FindOssError`](super::FindOssError) finds
/// the error again.
///
/// # Examples
///
/// ```
/// use std::io;
/// use tower_oss::{ErrorCode, FindOssError, test_util::{ErrorBuilder, ErrorResponse}};
///
/// let error = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey)).build();
/// let error = io::Error::from(error);
/// assert_eq!(error.kind(), io::ErrorKind::NotFound);
/// let inner = error.get_ref().unwrap();
/// assert_eq!(*inner.oss_error().unwrap().code(), ErrorCode::NoSuchKey);
/// ```
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Oss(error) => kind_of_oss(error),
            Error::Transport(error) => kind_of_transport(error),
            Error::NotSent(error) => kind_of_not_sent(error),
        };
        Self::new(kind, error)
    }
}

fn kind_of_oss(error: &OssError) -> ErrorKind {
    match error.code() {
        ErrorCode::RequestTimeout => return ErrorKind::TimedOut,
        ErrorCode::NotImplemented => return ErrorKind::Unsupported,
        ErrorCode::FileAlreadyExists | ErrorCode::ObjectAlreadyExists | ErrorCode::BucketAlreadyExists => {
            return ErrorKind::AlreadyExists;
        }
        _ => {}
    }
    match error.class() {
        ErrorClass::NotFound => ErrorKind::NotFound,
        ErrorClass::Auth => ErrorKind::PermissionDenied,
        ErrorClass::Client => ErrorKind::InvalidInput,
        ErrorClass::Throttling => ErrorKind::ResourceBusy,
        _ => ErrorKind::Other,
    }
}

fn kind_of_transport(error: &TransportError) -> ErrorKind {
    match error.io_kind() {
        // `std` retries after these at once, and would do so for ever.
        Some(ErrorKind::Interrupted | ErrorKind::WouldBlock) => return ErrorKind::Other,
        Some(kind) => return kind,
        None => {}
    }
    match error.kind() {
        TransportKind::Connect => ErrorKind::NotConnected,
        TransportKind::Timeout => ErrorKind::TimedOut,
        TransportKind::Reset => ErrorKind::ConnectionReset,
        TransportKind::Closed => ErrorKind::ConnectionAborted,
        TransportKind::Protocol => ErrorKind::InvalidData,
        TransportKind::Unprocessed | TransportKind::Other => ErrorKind::Other,
    }
}

fn kind_of_not_sent(error: &NotSentError) -> ErrorKind {
    match error.reason() {
        NotSentReason::Deadline | NotSentReason::MaxWait => ErrorKind::TimedOut,
        NotSentReason::QueueFull => ErrorKind::ResourceBusy,
        NotSentReason::Prepare => ErrorKind::Other,
    }
}
