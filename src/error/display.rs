use std::fmt;

use http::HeaderName;

use super::{BodyKind, BodyState, Doubt, OssError, X_OSS_EC, X_OSS_REQUEST_ID};
use crate::redact::{Secrets, Shown, ShownField, list_headers};

/// One line: code, status, message, request id, EC, the attempts, whether one may have taken
/// effect, and what went wrong with the body.
impl fmt::Display for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets();
        let shown = |text| Shown::beside(text, &secrets);
        write!(f, "{} ({})", self.code(), self.status().as_u16())?;
        match self.message().filter(|message| !message.is_empty()) {
            Some(message) => write!(f, ": {}", shown(message))?,
            None if !self.body_kind().is_oss() && self.body_kind() != BodyKind::None => {
                write!(f, ": not an OSS error document ({})", self.body_kind().describe())?;
            }
            None => {}
        }
        match self.request_id() {
            Some(id) => write!(f, " [request {}", shown(id))?,
            None => f.write_str(" [no request id")?,
        }
        if let Some(ec) = self.ec() {
            write!(f, ", EC {}", shown(ec))?;
        }
        if self.attempts() > 1 {
            write!(f, ", {} attempts", self.attempts())?;
        }
        if let Some(doubt) = Doubt::of(self.notes()) {
            write!(f, ", {doubt}")?;
        }
        f.write_str(match self.body_state() {
            BodyState::Complete | BodyState::Empty => "]",
            BodyState::Truncated => ", body cut]",
            BodyState::TimedOut => ", body timed out]",
            BodyState::Failed => ", body failed]",
        })
    }
}

/// Shows what [`report`](OssError::report) shows: no secrets, and only the size of long values.
impl fmt::Debug for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets();
        let shown = |text: Option<_>| text.map(|text| Shown::beside(text, &secrets));
        f.debug_struct("OssError")
            .field("status", &self.status())
            .field("code", self.code())
            .field("code_origin", &self.code_origin())
            .field("class", &self.class())
            .field("message", &shown(self.message()))
            .field("request_id", &shown(self.request_id()))
            .field("host_id", &shown(self.host_id()))
            .field("ec", &shown(self.ec()))
            .field("recommend_doc", &shown(self.recommend_doc()))
            .field("fields", &DebugFields(self, &secrets))
            .field("headers", &DebugHeaders(self, &secrets))
            .field("method", &self.method())
            .field("attempts", &self.attempts())
            .field("retry_stop", &self.retry_stop())
            .field("after_ambiguous_attempt", &self.after_ambiguous_attempt())
            .field("body_state", &self.body_state())
            .field("body_kind", &self.body_kind())
            .finish_non_exhaustive()
    }
}

struct DebugFields<'a>(&'a OssError, &'a Secrets);

impl fmt::Debug for DebugFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error, secrets) = self;
        let fields = error.fields();
        f.debug_map()
            .entries(
                fields.map(|(name, value)| {
                    (Shown::beside(name, secrets), ShownField::new(name, value, secrets))
                }),
            )
            .finish()
    }
}

struct DebugHeaders<'a>(&'a OssError, &'a Secrets);

impl fmt::Debug for DebugHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        let more = self.0.list_headers(self.1, |name, value| {
            map.entry(&Shown::beside(name, self.1), &value);
            Ok(())
        })?;
        if more == 0 { map.finish() } else { map.finish_non_exhaustive() }
    }
}

impl OssError {
    /// Calls `show` with each header and the part of its value that may be shown. Returns how many
    /// headers are left out.
    pub(crate) fn list_headers(
        &self,
        secrets: &Secrets,
        mut show: impl FnMut(&str, ShownField<'_>) -> fmt::Result,
    ) -> Result<usize, fmt::Error> {
        let is_known = |name: &HeaderName, value: &str| {
            (name == X_OSS_REQUEST_ID && self.request_id() == Some(value))
                || (name == X_OSS_EC && self.ec() == Some(value))
        };
        list_headers(self.plain_headers(), secrets, |name, value, shown| {
            if is_known(name, value) { Ok(()) } else { show(name.as_str(), shown) }
        })
    }
}
