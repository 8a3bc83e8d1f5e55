//! The policy's events, with OpenTelemetry's names where there are any.

#[cfg(feature = "tracing")]
mod events {
    use http::StatusCode;
    use tracing::{Level, level_filters::LevelFilter};

    use super::super::{Failure, GiveUpEvent, RetryEvent};
    use crate::error::{ErrorClass, FailedAttempt, History, RetryStop};

    /// Whether a subscriber may be interested in events.
    pub(in super::super) fn is_enabled() -> bool {
        LevelFilter::current() != LevelFilter::OFF
    }

    pub(in super::super) fn retry(event: &RetryEvent<'_>, failed: &FailedAttempt) {
        tracing::event!(
            target: "tower_oss",
            Level::DEBUG,
            http.request.method = event.failure.method().as_str(),
            "error.type" = &*failed.error_type(),
            http.request.resend_count = event.failure.attempt(),
            http.response.status_code = event.failure.status().as_ref().map(StatusCode::as_u16),
            oss.request_id = failed.request_id(),
            oss.retry.verdict = event.verdict.as_str(),
            oss.retry.delay_ms = millis(event.delay),
            oss.retry.delayed_by_throttle = event.delayed_by_throttle,
            "retrying a request"
        );
    }

    pub(in super::super) fn give_up(event: &GiveUpEvent<'_>) {
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: "tower_oss",
                    $level,
                    http.request.method = event.failure.method().as_str(),
                    "error.type" = event.history.attempts().last().map(FailedAttempt::error_type).as_deref(),
                    http.request.resend_count = event.attempts.checked_sub(1).filter(|resent| *resent > 0),
                    http.response.status_code = event.failure.status().as_ref().map(StatusCode::as_u16),
                    url.path = event.path,
                    oss.attempts = event.attempts,
                    oss.request_ids = request_ids(event.history).map(display),
                    oss.retry.stop = event.stop.as_str(),
                    oss.retry.after_ambiguous_attempt = event.after_ambiguous_attempt,
                    "request failed"
                )
            };
        }
        match level(&event.failure, event.stop) {
            Level::ERROR => event!(Level::ERROR),
            Level::INFO => event!(Level::INFO),
            _ => event!(Level::WARN),
        }
    }

    fn level(failure: &Failure<'_>, stop: RetryStop) -> Level {
        let is_server_error = failure.status().is_some_and(|status| status.is_server_error());
        match failure.oss().map(|error| error.class()) {
            _ if stop == RetryStop::OutcomeUnknown => Level::ERROR,
            Some(ErrorClass::Server) => Level::ERROR,
            Some(class) if class.is_expected() => Level::INFO,
            None if is_server_error => Level::ERROR,
            _ => Level::WARN,
        }
    }

    /// Those of the attempts that were kept, in order.
    fn request_ids(history: &History) -> Option<String> {
        let ids: Vec<_> = history.attempts().iter().filter_map(FailedAttempt::request_id).collect();
        (!ids.is_empty()).then(|| ids.join(", "))
    }

    fn millis(delay: std::time::Duration) -> u64 {
        delay.as_millis().try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(not(feature = "tracing"))]
mod events {
    use super::super::{GiveUpEvent, RetryEvent};
    use crate::error::FailedAttempt;

    pub(in super::super) fn is_enabled() -> bool {
        false
    }

    pub(in super::super) fn retry(_: &RetryEvent<'_>, _: &FailedAttempt) {}

    pub(in super::super) fn give_up(_: &GiveUpEvent<'_>) {}
}

pub(super) use self::events::{give_up, is_enabled, retry};
