use std::{
    error::Error as StdError,
    io::{self, ErrorKind},
};

use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

use super::Verdict;
use crate::error::{Error, ThrottleReason, ThrottledError, error_chain, is_throttled};

/// What an error means that came instead of an answer: the first link of its chain that is known decides. `None` means
/// that nothing is known, not even whether the request was sent.
pub(super) fn verdict(error: &(dyn StdError + 'static)) -> Option<Verdict> {
    error_chain(error).find_map(of_link).flatten()
}

/// Whether a throttle below gave the request up because its turn would have come too late.
pub(super) fn is_out_of_time(error: &(dyn StdError + 'static)) -> bool {
    let reason = |link: &(dyn StdError + 'static)| match link.downcast_ref() {
        Some(Error::Throttled(error)) => Some(error.reason()),
        _ => link.downcast_ref().map(ThrottledError::reason),
    };
    matches!(error_chain(error).find_map(reason), Some(ThrottleReason::Deadline | ThrottleReason::MaxWait))
}

/// What one link says, if it says anything: a verdict, or that none can be known.
fn of_link(link: &(dyn StdError + 'static)) -> Option<Option<Verdict>> {
    if link.is::<Elapsed>() {
        return Some(Some(Verdict::Transient));
    }
    if link.is::<Overloaded>() || is_throttled(link) {
        return Some(Some(Verdict::Never));
    }
    of_hyper(link).or_else(|| of_io(link.downcast_ref::<io::Error>()?.kind()).map(Some))
}

#[cfg(feature = "hyper-util")]
fn of_hyper(link: &(dyn StdError + 'static)) -> Option<Option<Verdict>> {
    if let Some(error) = link.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect().then_some(Some(Verdict::NotApplied));
    }
    let error = link.downcast_ref::<hyper::Error>()?;
    // What hyper blames on its user is a faulty request, a body that broke off, or a runtime that has gone: how far it
    // came is not told, and what lies behind it is not about the connection to OSS.
    Some((!error.is_user()).then_some(Verdict::Transient))
}

#[cfg(not(feature = "hyper-util"))]
fn of_hyper(_: &(dyn StdError + 'static)) -> Option<Option<Verdict>> {
    None
}

fn of_io(kind: ErrorKind) -> Option<Verdict> {
    match kind {
        // Of another connection, perhaps: that of a body's source, behind an error of hyper that cannot be told without
        // the feature.
        ErrorKind::ConnectionRefused | ErrorKind::AddrNotAvailable if !cfg!(feature = "hyper-util") => {
            Some(Verdict::Transient)
        }
        ErrorKind::ConnectionRefused | ErrorKind::AddrNotAvailable => Some(Verdict::NotApplied),
        // A host or network that goes away ends connections with the same kinds as it refuses them.
        ErrorKind::BrokenPipe
        | ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::HostUnreachable
        | ErrorKind::Interrupted
        | ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NotConnected
        | ErrorKind::TimedOut
        | ErrorKind::UnexpectedEof => Some(Verdict::Transient),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_link_decides() {
        let nested = io::Error::other(io::Error::other(io::Error::from(ErrorKind::ConnectionReset)));
        assert_eq!(verdict(&nested), Some(Verdict::Transient));
        let refused = io::Error::other(io::Error::from(ErrorKind::ConnectionRefused));
        assert_eq!(verdict(&refused), Some(Verdict::NotApplied));
        for unreachable in [ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable] {
            let verdict = verdict(&io::Error::from(unreachable));
            assert_eq!(verdict, Some(Verdict::Transient), "perhaps after the request");
        }
        assert_eq!(verdict(&Elapsed::new()), Some(Verdict::Transient));
        assert_eq!(verdict(&Overloaded::new()), Some(Verdict::Never));
        assert_eq!(verdict(&io::Error::from(ErrorKind::InvalidInput)), None);
        assert_eq!(verdict(&io::Error::other("a fault of one's own")), None);
    }
}
