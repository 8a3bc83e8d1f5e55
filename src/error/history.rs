use std::{borrow::Cow, fmt, time::Duration};

use http::{HeaderMap, StatusCode};

use super::{Error, ErrorCode, NotSentReason, OssError, TransportKind, X_OSS_REQUEST_ID, header_text};
use crate::redact::Shown;

/// How many attempts are kept: the first and the last seven. With a throttle, a call may have
/// hundreds.
const KEPT: usize = 8;

/// Maximum length of a code, in bytes. No listed code is nearly as long.
const MAX_CODE: usize = 128;

/// Failed attempts of a call, including the final one.
///
/// Returned by [`Error::history`]. The first attempt and the last seven are kept, and all are
/// counted.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_oss::{
///     ErrorCode, OssErrorLayer, RetryPolicy,
///     test_util::{ErrorResponse, Scripted},
/// };
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let oss = Scripted::new([
///     ErrorResponse::new(ErrorCode::InternalError).request_id("65A1").into(),
///     ErrorResponse::new(ErrorCode::AccessDenied).request_id("65A2").into(),
/// ]);
/// let client = ServiceBuilder::new()
///     .retry(RetryPolicy::new())
///     .layer(OssErrorLayer::new())
///     .service(oss);
/// let error = client.oneshot(Request::new(())).await.unwrap_err();
///
/// let history = error.history();
/// let attempts = history.attempts();
/// let ids: Vec<_> = attempts.iter().filter_map(|attempt| attempt.request_id()).collect();
/// assert_eq!(ids, ["65A1", "65A2"]);
/// assert_eq!(attempts[1].to_string(), "2. AccessDenied (403) [request 65A2]");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    attempts: Vec<FailedAttempt>,
    count: u32,
}

impl History {
    /// Returns the attempts that were kept, in order: the first, and the last seven.
    #[must_use]
    pub fn attempts(&self) -> &[FailedAttempt] {
        &self.attempts
    }

    /// Returns how many attempts failed. Attempts that were not kept, or
    /// [not sent](crate::Error::NotSent), count as well.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn push(&mut self, mut attempt: FailedAttempt) {
        self.count = self.count.saturating_add(1);
        attempt.number = self.count;
        if self.attempts.len() == KEPT {
            self.attempts.remove(1);
        }
        self.attempts.push(attempt);
    }

    /// Adds an attempt.
    pub(crate) fn with(mut self, attempt: FailedAttempt) -> Self {
        self.push(attempt);
        self
    }
}

/// One failed attempt of a call. Part of a [`History`].
#[derive(Clone, Debug)]
pub struct FailedAttempt {
    number: u32,
    reason: Reason,
    status: Option<StatusCode>,
    request_id: Option<Box<str>>,
    delay: Option<Duration>,
    /// The throttle below delayed the next attempt.
    throttled: bool,
}

#[derive(Clone, Debug)]
enum Reason {
    Code(ErrorCode),
    /// A response that no layer has turned into an error.
    Status,
    Transport(TransportKind),
    NotSent(NotSentReason),
}

impl FailedAttempt {
    pub(crate) fn of_oss(error: &OssError) -> Self {
        // As it is shown: bounded, and without secrets.
        let request_id = error.request_id().map(|id| error.shown(id).to_string().into());
        let status = Some(error.status());
        Self { status, request_id, ..Self::new(Reason::Code(bounded(error.code()))) }
    }

    pub(crate) fn of_response(status: StatusCode, headers: &HeaderMap) -> Self {
        let request_id = header_text(headers, &X_OSS_REQUEST_ID);
        let request_id = request_id.map(|id| Shown::new(&id).to_string().into());
        Self { status: Some(status), request_id, ..Self::new(Reason::Status) }
    }

    pub(crate) fn of_transport(kind: TransportKind) -> Self {
        Self::new(Reason::Transport(kind))
    }

    pub(crate) fn of_not_sent(reason: NotSentReason) -> Self {
        Self::new(Reason::NotSent(reason))
    }

    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Oss(error) => Self::of_oss(error),
            Error::Transport(error) => Self::of_transport(error.kind()),
            Error::NotSent(error) => Self::of_not_sent(error.reason()),
        }
    }

    fn new(reason: Reason) -> Self {
        Self { number: 1, reason, status: None, request_id: None, delay: None, throttled: false }
    }

    /// Sets the wait after the attempt.
    pub(crate) fn then(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    /// Notes that the throttle below delays the next attempt.
    pub(crate) fn then_by_throttle(self) -> Self {
        Self { throttled: true, ..self }
    }

    /// Returns the number of the attempt, counted from 1. Attempts that were not sent count, too.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the code, if the response was an [`OssError`]. An unlisted code is cut to 128 bytes.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        match &self.reason {
            Reason::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Returns the kind of failure, if there was no response.
    #[must_use]
    pub fn transport_kind(&self) -> Option<TransportKind> {
        match self.reason {
            Reason::Transport(kind) => Some(kind),
            _ => None,
        }
    }

    /// Returns why the attempt was not sent, if it was not.
    #[must_use]
    pub fn not_sent(&self) -> Option<NotSentReason> {
        match self.reason {
            Reason::NotSent(reason) => Some(reason),
            _ => None,
        }
    }

    /// Returns what failed, in one word, as OpenTelemetry's `error.type`. This is the code, the
    /// status, the kind of the transport error, or the reason why it was not sent.
    #[must_use]
    pub fn error_type(&self) -> Cow<'_, str> {
        match &self.reason {
            Reason::Code(code) => Cow::Owned(code.to_string()),
            Reason::Status => Cow::Owned(self.status.unwrap_or_default().as_u16().to_string()),
            Reason::Transport(kind) => Cow::Borrowed(kind.as_str()),
            Reason::NotSent(reason) => Cow::Borrowed(reason.as_str()),
        }
    }

    /// Returns the status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the request id, if there was one, as `Display` shows it: at most 512 characters, and
    /// without secrets.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns how long the retry policy waited after the attempt. `None` after the final one.
    ///
    /// The wait in a throttle below does not count.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }
}

/// One line: the number, what failed, the request id, and the wait before the next attempt.
impl fmt::Display for FailedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. ", self.number)?;
        match (&self.reason, self.status) {
            (Reason::Code(code), Some(status)) => write!(f, "{code} ({})", status.as_u16())?,
            (Reason::Status, _) => write!(f, "status {}", self.error_type())?,
            (Reason::NotSent(_), _) => write!(f, "not sent: {}", self.error_type())?,
            _ => f.write_str(&self.error_type())?,
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        match self.delay {
            Some(_) if self.throttled => f.write_str(", then as soon as the throttle allowed"),
            Some(delay) => write!(f, ", then {:.3} s", delay.as_secs_f64()),
            None => Ok(()),
        }
    }
}

fn bounded(code: &ErrorCode) -> ErrorCode {
    let text = code.as_str();
    match text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MAX_CODE).last() {
        Some(end) if end < text.len() => code.cut(&text[..end]),
        _ => code.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_seven_are_kept_and_all_are_counted() {
        let mut history = History::default();
        for status in 500..600 {
            let status = StatusCode::from_u16(status).unwrap();
            history.push(FailedAttempt::of_response(status, &HeaderMap::new()));
        }
        let numbers: Vec<_> = history.attempts().iter().map(FailedAttempt::number).collect();
        assert_eq!(numbers, [1, 94, 95, 96, 97, 98, 99, 100]);
        assert_eq!(history.attempts()[7].to_string(), "100. status 599");
        assert_eq!(history.count(), 100);
    }

    #[test]
    fn a_long_code_is_cut_between_characters() {
        for length in [1, 127, 128, 129, 70_000] {
            let code = bounded(&ErrorCode::from(&*"é".repeat(length)));
            assert_eq!(code.as_str().len(), (2 * length).min(MAX_CODE));
        }
        assert_eq!(bounded(&ErrorCode::NoSuchKey), ErrorCode::NoSuchKey);
        assert_eq!(bounded(&ErrorCode::from("")).as_str(), "");
    }

    #[test]
    fn an_attempt_says_what_failed_and_what_came_after() {
        let reset = FailedAttempt::of_transport(TransportKind::Reset).then(Duration::from_millis(50));
        assert_eq!(reset.to_string(), "1. reset, then 0.050 s");
        assert_eq!(
            FailedAttempt::of_not_sent(NotSentReason::QueueFull).to_string(),
            "1. not sent: queue_full"
        );
    }
}
