/// How an error body arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyState {
    /// Whole.
    Complete,
    /// Cut: it is longer than the limit, or it ended before the error document in it did.
    Truncated,
    /// It was not complete at the deadline.
    TimedOut,
    /// Reading it failed; the cause is the `source()` of the error.
    Failed,
    /// There is none, as in every answer to HEAD.
    Empty,
}

/// What an error body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyKind {
    /// An error document of OSS, in XML.
    OssXml,
    /// An error document of OSS, in JSON (vector and table buckets).
    OssJson,
    /// A web page: of a proxy, or the bucket's own error page.
    Html,
    /// XML, but no error document of OSS: its root is not `Error`.
    OtherXml,
    /// JSON, but no error document of OSS.
    OtherJson,
    /// Compressed bytes: a decompressing layer belongs below the error layer.
    Compressed,
    /// Any other text or bytes.
    Other,
    /// There is none.
    None,
}

impl BodyKind {
    /// Whether the body is an error document of OSS.
    #[must_use]
    pub const fn is_oss(self) -> bool {
        matches!(self, Self::OssXml | Self::OssJson)
    }

    /// The kind in a few words, for people.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::OssXml => "an OSS error in XML",
            Self::OssJson => "an OSS error in JSON",
            Self::Html => "HTML",
            Self::OtherXml => "XML without an OSS error",
            Self::OtherJson => "JSON without an OSS error",
            Self::Compressed => "compressed",
            Self::Other => "no OSS error",
            Self::None => "no body",
        }
    }
}

/// Where the code of an error came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeOrigin {
    /// The body says it.
    Body,
    /// A header says it: `x-oss-err` or `x-oss-error-type`.
    Header,
    /// Nothing says it: it is inferred from the status, and only as good as that.
    Inferred,
}
