use std::io::{self, ErrorKind};

use http::StatusCode;

use super::{
    Error, ErrorClass, ErrorCode, NotSentError, NotSentReason, OssError, TransportError, TransportKind,
    words::{says_exists, says_unsupported},
};

/// Wraps the error in an [`io::Error`], for readers, writers and other code that uses `std::io`.
///
/// | error | kind |
/// |---|---|
/// | an OSS error that a file can have, too | `NotFound`, `PermissionDenied`, `AlreadyExists`, `InvalidInput` or `Unsupported` |
/// | OSS or the throttle allows no more requests | `ResourceBusy` |
/// | a time limit passed | `TimedOut` |
/// | no response for another reason | the kind of the socket error, or a similar one |
/// | any other | `Other` |
///
/// A kind of files always means that OSS responded. [`FindOssError`](super::FindOssError) finds the
/// OSS error again. [`Error::transport`] returns the complete error.
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
    let code = error.plain_code();
    match error.class() {
        _ if *code == ErrorCode::RequestTimeout => ErrorKind::TimedOut,
        ErrorClass::NotFound => ErrorKind::NotFound,
        ErrorClass::Auth => ErrorKind::PermissionDenied,
        ErrorClass::Throttling => ErrorKind::ResourceBusy,
        ErrorClass::Client | ErrorClass::Conflict if says_exists(code.as_str()) => ErrorKind::AlreadyExists,
        ErrorClass::Client | ErrorClass::Conflict | ErrorClass::Server if says_unsupported(code.as_str()) => {
            ErrorKind::Unsupported
        }
        ErrorClass::Server if error.status() == StatusCode::GATEWAY_TIMEOUT => ErrorKind::TimedOut,
        ErrorClass::Client => ErrorKind::InvalidInput,
        _ => ErrorKind::Other,
    }
}

fn kind_of_transport(error: &TransportError) -> ErrorKind {
    match error.io_kind().filter(|kind| is_about_a_socket(*kind)) {
        Some(kind) => return kind,
        None if error.is_timeout() => return ErrorKind::TimedOut,
        None if error.is_overloaded() => return ErrorKind::ResourceBusy,
        None => {}
    }
    of_kind_alone(error.kind())
}

fn of_kind_alone(kind: TransportKind) -> ErrorKind {
    match kind {
        TransportKind::Connect => ErrorKind::NotConnected,
        TransportKind::Timeout => ErrorKind::TimedOut,
        TransportKind::Reset => ErrorKind::ConnectionReset,
        TransportKind::Closed => ErrorKind::ConnectionAborted,
        TransportKind::Protocol => ErrorKind::InvalidData,
        TransportKind::Unprocessed | TransportKind::Other => ErrorKind::Other,
    }
}

/// Whether an I/O error of this kind is about a connection. Any other one may be about a file, such
/// as the credentials of a signer, and would read as OSS's response. After `Interrupted` and
/// `WouldBlock`, `std` would retry at once, for ever.
fn is_about_a_socket(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::AddrNotAvailable
            | ErrorKind::BrokenPipe
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NotConnected
            | ErrorKind::TimedOut
            | ErrorKind::UnexpectedEof
    )
}

fn kind_of_not_sent(error: &NotSentError) -> ErrorKind {
    match error.reason() {
        NotSentReason::Deadline | NotSentReason::MaxElapsed | NotSentReason::MaxWait => ErrorKind::TimedOut,
        NotSentReason::QueueFull => ErrorKind::ResourceBusy,
        NotSentReason::Prepare => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_io_error_the_kind_of_the_transport_error_decides() {
        for (kind, expected) in [
            (TransportKind::Connect, ErrorKind::NotConnected),
            (TransportKind::Timeout, ErrorKind::TimedOut),
            (TransportKind::Reset, ErrorKind::ConnectionReset),
            (TransportKind::Closed, ErrorKind::ConnectionAborted),
            (TransportKind::Protocol, ErrorKind::InvalidData),
            (TransportKind::Unprocessed, ErrorKind::Other),
            (TransportKind::Other, ErrorKind::Other),
        ] {
            assert_eq!(of_kind_alone(kind), expected, "{kind}");
        }
    }
}
