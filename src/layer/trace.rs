use super::RequestInfo;
use crate::error::Error;

/// Sends an event for an error, with OpenTelemetry's names where there are any.
///
/// The level is at most WARN, because a retry may still succeed.
#[cfg(feature = "tracing")]
pub(super) fn event(error: &Error, info: RequestInfo) {
    use std::cell::LazyCell;

    use http::StatusCode;
    use tracing::{Level, field::display};

    use super::error_event::number;
    use crate::redact::Shown;

    // Evaluated only if a subscriber is interested.
    macro_rules! method {
        () => {
            info.method().as_ref().map_or("_OTHER", http::Method::as_str)
        };
    }
    let attempt = number(error, info);
    let resent = || Some(attempt - 1).filter(|resent| *resent > 0);
    let oss = match error {
        Error::Oss(error) => error,
        Error::Transport(error) => {
            tracing::event!(
                target: "tower_oss",
                Level::WARN,
                http.request.method = method!(),
                "error.type" = error.kind().as_str(),
                http.request.resend_count = resent(),
                oss.attempt = attempt,
                "no response from OSS"
            );
            return;
        }
        Error::NotSent(error) => {
            tracing::event!(
                target: "tower_oss",
                Level::WARN,
                http.request.method = method!(),
                "error.type" = error.reason().as_str(),
                http.request.resend_count = resent(),
                oss.attempt = attempt,
                "request not sent"
            );
            return;
        }
    };
    // Only if a subscriber is interested.
    let secrets = LazyCell::new(|| oss.secrets());
    let shown = |text| display(Shown::beside(text, &secrets));
    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                target: "tower_oss",
                $level,
                http.request.method = method!(),
                "error.type" = %oss.code(),
                http.request.resend_count = resent(),
                http.response.status_code = StatusCode::as_u16(&oss.status()),
                oss.attempt = attempt,
                oss.clock_beyond_bound = Some(true).filter(|_| oss.notes().is_clock_beyond_bound()),
                oss.class = oss.class().as_str(),
                oss.request_id = oss.request_id().map(shown),
                oss.ec = oss.ec().map(shown),
                oss.host_id = oss.host_id().map(shown),
                "OSS responded with an error"
            )
        };
    }
    if oss.class().is_expected() { event!(Level::INFO) } else { event!(Level::WARN) }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn event(_: &Error, _: RequestInfo) {}
