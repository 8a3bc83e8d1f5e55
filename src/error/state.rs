use std::fmt;

/// How much of an error body arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyState {
    /// The body is complete, or at least its error document is.
    Complete,
    /// The body is longer than the limit. Or it ended before its error document did, or before the
    /// length that `content-length` announces.
    Truncated,
    /// The body was not complete at the deadline, or stalled for too long before it.
    TimedOut,
    /// Reading the body failed. The cause is the `source()` of the error.
    Failed,
    /// There is no body, as in every response to HEAD.
    Empty,
}

impl BodyState {
    /// Returns the name of the state in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated => "truncated",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
            Self::Empty => "empty",
        }
    }
}

impl fmt::Display for BodyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Kind of content in an error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyKind {
    /// An error document of OSS in XML.
    OssXml,
    /// An error document of OSS in JSON, as vector and table buckets send it.
    OssJson,
    /// A web page of a proxy, or the bucket's own error page.
    Html,
    /// XML, but not an error document of OSS: its root is not `Error`.
    OtherXml,
    /// JSON, but not an error document of OSS.
    OtherJson,
    /// Compressed bytes. Put a decompressing layer below the error layer.
    Compressed,
    /// Any other text or bytes.
    Other,
    /// There is no body.
    None,
}

impl BodyKind {
    /// Returns whether the body is an error document of OSS.
    #[must_use]
    pub const fn is_oss(self) -> bool {
        matches!(self, Self::OssXml | Self::OssJson)
    }

    /// Returns the name of the kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OssXml => "oss_xml",
            Self::OssJson => "oss_json",
            Self::Html => "html",
            Self::OtherXml => "other_xml",
            Self::OtherJson => "other_json",
            Self::Compressed => "compressed",
            Self::Other => "other",
            Self::None => "none",
        }
    }

    /// A description in a few words, for people.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::OssXml => "an OSS error in XML",
            Self::OssJson => "an OSS error in JSON",
            Self::Html => "HTML",
            Self::OtherXml => "XML without an OSS error",
            Self::OtherJson => "JSON without an OSS error",
            Self::Compressed => "compressed",
            Self::Other => "other text",
            Self::None => "no body",
        }
    }
}

impl fmt::Display for BodyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Origin of the code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeOrigin {
    /// The body.
    Body,
    /// A header: `x-oss-err` or `x-oss-error-type`.
    Header,
    /// The status, because the response has no code. Do not rely on such a code: one status has
    /// many causes.
    Inferred,
}

impl CodeOrigin {
    /// Returns the name of the origin in lower case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Header => "header",
            Self::Inferred => "inferred",
        }
    }
}

impl fmt::Display for CodeOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
