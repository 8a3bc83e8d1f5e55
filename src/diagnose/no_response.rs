//! Explains errors without a response.

use crate::error::{
    Doubt, Error, Explanation, FixedBy, NotSentError, NotSentReason, TransportError, TransportKind,
};

impl Error {
    /// Explains the likely cause of the error, what to do about it, and who can fix it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Oss(error) => error.explain(),
            Self::Transport(error) => error.explain(),
            Self::NotSent(error) => error.explain(),
        }
    }
}

impl TransportError {
    /// Explains the likely cause of the error, what to do about it, and who can fix it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        use FixedBy::{Caller, Nobody};
        let (cause, remedy, fixed_by) = match self.kind() {
            TransportKind::Connect => (
                "There was no connection: the host is unknown or unreachable, it refused the connection, or the TLS handshake failed",
                "Check the endpoint, the network, proxies and certificates",
                Caller,
            ),
            TransportKind::Timeout => (
                "There was no response in time: the network is slow or dead, or the time limit is too short for the body",
                "Check the network; give uploads a longer limit",
                Caller,
            ),
            TransportKind::Reset => (
                "The connection was reset: the peer, or a firewall in between, ended it",
                "Try again after a wait; if the error persists, check the proxies between you and OSS",
                Nobody,
            ),
            TransportKind::Closed => (
                "The connection was closed before the response was complete, for example because it had been idle",
                "Try again after a wait; if the error persists, check the proxies between you and OSS",
                Nobody,
            ),
            TransportKind::Protocol => (
                "The peer did not speak HTTP: a wrong port, TLS on a plain-text port, or a broken proxy",
                "Check the endpoint's scheme and port",
                Caller,
            ),
            TransportKind::Unprocessed => (
                "The server says that it did not process the request, because it is busy or shutting down",
                "Try again after a wait",
                Nobody,
            ),
            TransportKind::Other if self.is_overloaded() => (
                "A layer below shed the load: the request was not sent",
                "Send fewer requests at once, then try again after a wait",
                Caller,
            ),
            TransportKind::Other => (
                "A layer, the request's body or the HTTP client failed; the source of the error says more",
                "Read the source of the error",
                Caller,
            ),
        };
        Explanation::without_response(cause, remedy, fixed_by, self.is_transient())
            .in_doubt(Doubt::of(self.notes()))
    }
}

impl NotSentError {
    /// Explains the likely cause of the error, what to do about it, and who can fix it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let (cause, remedy, helps) = match self.reason() {
            NotSentReason::Deadline => (
                "The deadline of the request passed while it waited for a permit of the throttle",
                "Send fewer requests at once, or give them more time",
                false,
            ),
            NotSentReason::MaxElapsed => (
                "OSS throttled it until the retry policy's time limit passed (max_elapsed, or 20 s by default)",
                "Send fewer requests at once, or give them more time: max_elapsed, or a Deadline",
                false,
            ),
            NotSentReason::MaxWait => (
                "The wait for a permit of the throttle was longer than max_wait",
                "Send fewer requests at once, then try again after a wait",
                true,
            ),
            NotSentReason::QueueFull => (
                "As many requests wait for a permit of the throttle as max_waiting allows",
                "Send fewer requests at once, then try again after a wait",
                true,
            ),
            NotSentReason::Prepare => (
                "A layer, for example the signer, could not prepare the request",
                "Read the source of the error; check the credentials",
                false,
            ),
        };
        Explanation::without_response(cause, remedy, FixedBy::Caller, helps).in_doubt(Doubt::of(self.notes()))
    }
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use super::*;

    #[test]
    fn a_remedy_says_try_again_only_where_that_helps() {
        let transport = [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::TimedOut,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::InvalidInput,
        ];
        let transport =
            transport.map(|kind| Error::Transport(TransportError::new(io::Error::from(kind).into())));
        let not_sent = [
            NotSentReason::Deadline,
            NotSentReason::MaxElapsed,
            NotSentReason::MaxWait,
            NotSentReason::QueueFull,
        ];
        let not_sent = not_sent.map(|reason| NotSentError::new(reason, Duration::ZERO, None).into());
        let errors = transport.into_iter().chain(not_sent).chain([NotSentError::prepare("x").into()]);
        for error in errors {
            let explanation = error.explain();
            assert_eq!(explanation.retry_helps(), error.is_transient(), "{error}");
            assert!(explanation.cause().is_some() && explanation.fixed_by().is_some());
            let says = explanation.remedy().to_lowercase().contains("try again");
            assert!(!says || explanation.retry_helps(), "{error}: {}", explanation.remedy());
        }
    }
}
