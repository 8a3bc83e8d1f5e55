use std::fmt;

use http::header;

use super::attempts;
use crate::{
    error::{OssError, header_text},
    redact::Shown,
};

/// The text to paste into a support ticket.
struct Report<'a>(&'a OssError);

/// Elements whose values are no secret and help to see what happened. Every other element is named only.
const SHOWN_FIELDS: [&str; 15] = [
    "AccessDeniedDetail/AuthAction",
    "AccessDeniedDetail/AuthPrincipalType",
    "AccessDeniedDetail/NoPermissionType",
    "AccessDeniedDetail/PolicyType",
    "ArgumentName",
    "Detail/RequestTime",
    "Detail/ServerTime",
    "Endpoint",
    "Header",
    "MaxAllowedSkewMilliseconds",
    "Method",
    "RequestTime",
    "ResourceType",
    "ServerTime",
    "Condition",
];

impl OssError {
    /// Everything that OSS's support asks for, as text of several lines to paste into a ticket. Nothing secret.
    #[must_use]
    pub fn report(&self) -> String {
        Report(self).to_string()
    }
}

impl Report<'_> {
    fn line(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
        writeln!(f, "{name:<14}{value}")
    }

    fn text(&self, f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
        value.map_or(Ok(()), |value| Self::line(f, name, self.0.shown(value)))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        Self::line(f, "request id", error.shown(error.request_id().unwrap_or("none")))?;
        Self::line(f, "code", format_args!("{} ({:?})", error.code(), error.code_origin()))?;
        Self::line(f, "status", error.status())?;
        self.text(f, "EC", error.ec())?;
        self.text(f, "message", error.message())?;
        self.text(f, "host", error.host_id())?;
        self.text(f, "method", error.method().as_ref().map(http::Method::as_str))?;
        for name in [header::DATE, header::SERVER] {
            self.text(f, name.as_str(), header_text(error.plain_headers(), &name).as_deref())?;
        }
        self.text(f, "see", error.recommend_doc())?;
        for (name, value) in error.fields() {
            if SHOWN_FIELDS.contains(&name) {
                Self::line(f, "with", format_args!("{name} {}", error.shown(value)))?;
            } else {
                Self::line(
                    f,
                    "with",
                    format_args!("{} ({} bytes, not shown)", Shown::new(name), value.len()),
                )?;
            }
        }
        let (state, kind) = (error.body_state(), error.body_kind().describe());
        Self::line(f, "body", format_args!("{} bytes, {state:?}, {kind}", error.raw_body().len()))?;
        attempts::list(f, &error.history())
    }
}
