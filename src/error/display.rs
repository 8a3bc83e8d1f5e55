use std::fmt;

use super::{BodyKind, BodyState, OssError};
use crate::redact::Shown;

/// One line: code, status, message, request id, EC, and what is wrong with the body.
impl fmt::Display for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.status().as_u16())?;
        match self.message().filter(|message| !message.is_empty()) {
            Some(message) => write!(f, ": {}", self.shown(message))?,
            None if !self.body_kind().is_oss() && self.body_kind() != BodyKind::None => {
                write!(f, ": not an OSS error document ({})", self.body_kind().describe())?;
            }
            None => {}
        }
        match self.request_id() {
            Some(id) => write!(f, " [request {}", self.shown(id))?,
            None => f.write_str(" [no request id")?,
        }
        if let Some(ec) = self.ec() {
            write!(f, ", EC {}", self.shown(ec))?;
        }
        if self.attempts() > 1 {
            write!(f, ", {} attempts", self.attempts())?;
        }
        f.write_str(match self.body_state() {
            BodyState::Complete | BodyState::Empty => "]",
            BodyState::Truncated => ", body cut]",
            BodyState::TimedOut => ", body timed out]",
            BodyState::Failed => ", body failed]",
        })
    }
}

impl fmt::Debug for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssError")
            .field("status", &self.status())
            .field("code", self.code())
            .field("code_origin", &self.code_origin())
            .field("class", &self.class())
            .field("message", &self.message().map(|text| self.shown(text)))
            .field("request_id", &self.request_id().map(|id| self.shown(id)))
            .field("host_id", &self.host_id().map(|text| self.shown(text)))
            .field("ec", &self.ec().map(|ec| self.shown(ec)))
            .field("recommend_doc", &self.recommend_doc().map(|text| self.shown(text)))
            .field("fields", &self.fields().map(|(name, _)| Shown::new(name)).collect::<Vec<_>>())
            .field("method", &self.method())
            .field("attempts", &self.attempts())
            .field("retry_stop", &self.retry_stop())
            .field("after_ambiguous_attempt", &self.after_ambiguous_attempt())
            .field("body_state", &self.body_state())
            .field("body_kind", &self.body_kind())
            .finish_non_exhaustive()
    }
}
