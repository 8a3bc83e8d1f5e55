use std::fmt;

use super::attempts;
use crate::{
    error::OssError,
    redact::{Secrets, Shown, ShownField},
};

impl OssError {
    /// Returns everything that OSS's support asks for, as text to paste into a ticket.
    ///
    /// It shows all elements and the first 64 headers.
    ///
    /// - A value is replaced by its size if its name is secret, or if it has more than 256 bytes.
    ///   Secret names are those of credentials and their parts, identities, cookies,
    ///   `WWW-Authenticate`, callbacks, and your own metadata (`x-oss-meta-*`).
    /// - Queries of URLs, and anything that looks like a secret, are replaced by `***`.
    #[must_use]
    pub fn report(&self) -> String {
        OssReport { error: self, secrets: self.secrets() }.to_string()
    }
}

struct OssReport<'a> {
    error: &'a OssError,
    secrets: Secrets,
}

impl OssReport<'_> {
    fn line(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
        writeln!(f, "{name:<14}{value}")
    }

    fn text(&self, f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
        value.map_or(Ok(()), |value| Self::line(f, name, self.shown(value)))
    }

    fn shown<'a>(&'a self, text: &'a str) -> Shown<'a> {
        Shown::beside(text, &self.secrets)
    }

    fn headers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = self.error.list_headers(&self.secrets, |name, value| {
            Self::line(f, "header", format_args!("{}: {value}", self.shown(name)))
        })?;
        if more == 0 { Ok(()) } else { Self::line(f, "header", format_args!("({more} more)")) }
    }
}

impl fmt::Display for OssReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error;
        Self::line(f, "request id", self.shown(error.request_id().unwrap_or("none")))?;
        Self::line(f, "code", format_args!("{} ({:?})", error.code(), error.code_origin()))?;
        Self::line(f, "status", error.status())?;
        self.text(f, "EC", error.ec())?;
        self.text(f, "message", error.message())?;
        self.text(f, "host", error.host_id())?;
        self.text(f, "method", error.method().as_ref().map(http::Method::as_str))?;
        self.text(f, "see", error.recommend_doc())?;
        for (name, value) in error.fields() {
            let value = ShownField::new(name, value, &self.secrets);
            Self::line(f, "with", format_args!("{} {value}", self.shown(name)))?;
        }
        self.headers(f)?;
        let (state, kind) = (error.body_state(), error.body_kind().describe());
        Self::line(f, "body", format_args!("{} bytes, {state:?}, {kind}", error.raw_body().len()))?;
        attempts::doubt(f, error.notes())?;
        attempts::list(f, &error.history(), error.attempts())
    }
}
