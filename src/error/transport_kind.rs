//! Classifies transport errors. The one module that knows the errors of HTTP clients.

use std::{
    error::Error as StdError,
    fmt,
    io::{self, ErrorKind},
};

use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

use super::{connect_fault::ConnectFault, find::error_chain};

/// Kind of failure behind a [`TransportError`](crate::error::TransportError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// There was no connection: an unknown or unreachable host, connection refused, or a failed TLS
    /// handshake.
    ///
    /// In general, nothing was sent. But an [`io::Error`] that names an unreachable host or network
    /// can also end an established connection. Unless the HTTP client says that it was connecting,
    /// the request then counts as one that may have taken effect.
    Connect,
    /// A time limit passed, for example that of tower's `Timeout`.
    Timeout,
    /// The connection, or the HTTP/2 stream, was reset.
    Reset,
    /// The connection was closed before the response head was complete.
    Closed,
    /// The peer sent invalid HTTP.
    Protocol,
    /// The server says that it did not process the request (RFC 9113, section 8.7), by
    /// `REFUSED_STREAM` or a `GOAWAY` that excludes the stream.
    ///
    /// Recognized only with the feature `http2`.
    Unprocessed,
    /// Any other failure, for example of a layer, of the request's body, or of an HTTP client whose
    /// errors are not recognized.
    Other,
}

impl TransportKind {
    /// Returns the name of the kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Unprocessed => "unprocessed",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a request without a response took effect, and whether another attempt could succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It did not take effect.
    NotApplied,
    /// It may have taken effect; another attempt could succeed.
    Transient,
    /// It did not take effect; another attempt would fail as well.
    Never,
    /// Unclassified.
    Unknown,
}

/// The classification of a transport error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransportFailure {
    pub(crate) kind: TransportKind,
    pub(crate) io_kind: Option<ErrorKind>,
    pub(crate) fate: Fate,
    /// A time limit passed, perhaps while connecting.
    pub(super) timed_out: bool,
    connect: Option<ConnectFault>,
}

impl TransportFailure {
    /// Classifies an error by the first of its causes that is recognized.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Self {
        let (kind, fate) =
            error_chain(error).find_map(of_link).unwrap_or((TransportKind::Other, Fate::Unknown));
        let io_kind = error_chain(error).find_map(|link| {
            let kind = link.downcast_ref::<io::Error>()?.kind();
            (kind != ErrorKind::Other && kind != uncategorized()).then_some(kind)
        });
        let timed_out = kind == TransportKind::Timeout
            || io_kind == Some(ErrorKind::TimedOut)
            || error_chain(error).any(|link| link.is::<Elapsed>());
        let connect = if kind == TransportKind::Connect { ConnectFault::of(error, io_kind) } else { None };
        let fate = if connect.is_some_and(ConnectFault::is_permanent) { Fate::Never } else { fate };
        Self { kind, io_kind, fate, timed_out, connect }
    }

    /// tower's `LoadShed` did not send it: another attempt could succeed, but the caller should send
    /// less.
    pub(crate) fn is_overloaded(self) -> bool {
        self.kind == TransportKind::Other && self.fate == Fate::Never
    }

    /// A description in a few words.
    pub(super) fn describe(self) -> &'static str {
        match self.kind {
            TransportKind::Connect => self.describe_connect(),
            TransportKind::Timeout => "timed out",
            TransportKind::Reset => "connection reset",
            TransportKind::Closed => "connection closed",
            TransportKind::Protocol => "invalid HTTP",
            TransportKind::Unprocessed => "not processed by the server",
            TransportKind::Other if self.is_overloaded() => "overloaded, so it was not sent",
            TransportKind::Other => "the request failed",
        }
    }

    fn describe_connect(self) -> &'static str {
        match (self.connect, self.io_kind) {
            (Some(fault), _) => fault.describe(),
            _ if self.timed_out => "connecting timed out",
            (_, Some(ErrorKind::ConnectionRefused)) => "connection refused",
            (_, Some(ErrorKind::HostUnreachable)) => "host unreachable",
            (_, Some(ErrorKind::NetworkUnreachable)) => "network unreachable",
            _ => "no connection",
        }
    }
}

/// The kind of an error code that `std` does not know. It has no stable name, and says nothing.
fn uncategorized() -> ErrorKind {
    io::Error::from_raw_os_error(i32::MAX).kind()
}

type Known = (TransportKind, Fate);

fn of_link(link: &(dyn StdError + 'static)) -> Option<Known> {
    if link.is::<Elapsed>() {
        return Some((TransportKind::Timeout, Fate::Transient));
    }
    if link.is::<Overloaded>() {
        return Some((TransportKind::Other, Fate::Never));
    }
    of_h2(link).or_else(|| of_hyper(link)).or_else(|| of_io(link.downcast_ref::<io::Error>()?.kind()))
}

#[cfg(feature = "http2")]
fn of_h2(link: &(dyn StdError + 'static)) -> Option<Known> {
    use h2::Reason;

    let error = link.downcast_ref::<h2::Error>()?;
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    // h2 fails only the streams that a GOAWAY excludes with that GOAWAY, whatever its code; the
    // others end with the connection, as an I/O error.
    if error.is_remote() && (refused || error.is_go_away()) {
        return Some((TransportKind::Unprocessed, Fate::NotApplied));
    }
    if error.is_reset() {
        return Some((TransportKind::Reset, Fate::Transient));
    }
    match error.get_io() {
        Some(error) => of_io_after_connect(error),
        None => Some((TransportKind::Protocol, Fate::Transient)),
    }
}

#[cfg(not(feature = "http2"))]
fn of_h2(_: &(dyn StdError + 'static)) -> Option<Known> {
    None
}

#[cfg(feature = "hyper-util")]
fn of_hyper(link: &(dyn StdError + 'static)) -> Option<Known> {
    if let Some(error) = link.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect().then_some((TransportKind::Connect, Fate::NotApplied));
    }
    let error = link.downcast_ref::<hyper::Error>()?;
    // An invalid request, a failed body, or a runtime that was shut down. hyper does not tell how
    // much was sent, and the causes of this error are not about the connection to OSS.
    if error.is_user() {
        return Some((TransportKind::Other, Fate::Unknown));
    }
    let kind = if error.is_timeout() {
        TransportKind::Timeout
    } else if error.is_parse() {
        TransportKind::Protocol
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        TransportKind::Closed
    } else {
        // Its cause is an error of HTTP/2 or of the socket.
        return error_chain(error)
            .skip(1)
            .find_map(|link| of_h2(link).or_else(|| of_io_after_connect(link.downcast_ref()?)))
            .or(Some((TransportKind::Protocol, Fate::Transient)));
    };
    Some((kind, Fate::Transient))
}

#[cfg(not(feature = "hyper-util"))]
fn of_hyper(_: &(dyn StdError + 'static)) -> Option<Known> {
    None
}

/// Classifies an error on an established connection: whatever its kind, the request may have been
/// sent.
#[cfg(feature = "hyper-util")]
fn of_io_after_connect(error: &io::Error) -> Option<Known> {
    let (kind, _) = of_io(error.kind())?;
    Some((if kind == TransportKind::Connect { TransportKind::Reset } else { kind }, Fate::Transient))
}

fn of_io(kind: ErrorKind) -> Option<Known> {
    // Without the feature, the error may be about another connection: the one that the request's
    // body is read from.
    let refused = if cfg!(feature = "hyper-util") { Fate::NotApplied } else { Fate::Transient };
    match kind {
        ErrorKind::ConnectionRefused | ErrorKind::AddrNotAvailable => Some((TransportKind::Connect, refused)),
        // These kinds end established connections, too, when a host or network becomes unreachable.
        ErrorKind::HostUnreachable | ErrorKind::NetworkDown | ErrorKind::NetworkUnreachable => {
            Some((TransportKind::Connect, Fate::Transient))
        }
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
            Some((TransportKind::Reset, Fate::Transient))
        }
        ErrorKind::BrokenPipe | ErrorKind::NotConnected | ErrorKind::UnexpectedEof => {
            Some((TransportKind::Closed, Fate::Transient))
        }
        ErrorKind::TimedOut => Some((TransportKind::Timeout, Fate::Transient)),
        ErrorKind::Interrupted => Some((TransportKind::Other, Fate::Transient)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: impl StdError + 'static) -> (TransportKind, Fate) {
        let failure = TransportFailure::of(&error);
        (failure.kind, failure.fate)
    }

    #[test]
    fn the_first_recognized_cause_decides() {
        let nested = io::Error::other(io::Error::other(io::Error::from(ErrorKind::ConnectionReset)));
        assert_eq!(of(nested), (TransportKind::Reset, Fate::Transient));
        let refused = io::Error::other(io::Error::from(ErrorKind::ConnectionRefused));
        assert_eq!(of(refused), (TransportKind::Connect, Fate::NotApplied));
        for unreachable in [ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable] {
            let (kind, fate) = of(io::Error::from(unreachable));
            assert_eq!((kind, fate), (TransportKind::Connect, Fate::Transient), "perhaps after the request");
        }
        assert_eq!(of(Elapsed::new()), (TransportKind::Timeout, Fate::Transient));
        assert_eq!(of(Overloaded::new()), (TransportKind::Other, Fate::Never));
        assert_eq!(of(io::Error::from(ErrorKind::InvalidInput)), (TransportKind::Other, Fate::Unknown));
        assert_eq!(of(io::Error::other("a fault of one's own")), (TransportKind::Other, Fate::Unknown));
    }

    #[test]
    fn the_kind_of_the_io_error_is_found_among_the_causes() {
        let error = io::Error::other(io::Error::from(ErrorKind::ConnectionRefused));
        let failure = TransportFailure::of(&error);
        assert_eq!(failure.io_kind, Some(ErrorKind::ConnectionRefused));
        assert_eq!(failure.describe(), "connection refused");
        assert_eq!(TransportFailure::of(&Elapsed::new()).io_kind, None);
        assert_eq!(TransportFailure::of(&io::Error::from_raw_os_error(123_456_789)).io_kind, None);
    }
}
