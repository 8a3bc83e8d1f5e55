use std::{
    convert::Infallible,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use http::StatusCode;

use super::ErrorClass;
use crate::redact::Shown;

/// Text of a code without a variant in [`ErrorCode`].
///
/// Only this crate can construct it. If a later release adds a variant for the code, code that
/// compares the text keeps working.
#[derive(Clone)]
pub struct UnknownCode {
    text: Box<str>,
    /// It repeats a secret of its document.
    is_hidden: bool,
}

impl UnknownCode {
    /// Returns the code as OSS sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for UnknownCode {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for UnknownCode {}

impl Hash for UnknownCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_hidden { f.write_str("***") } else { fmt::Display::fmt(&Shown::new(&self.text), f) }
    }
}

/// Defines the enum and its lookups from the table in `codes.rs`.
macro_rules! error_codes {
    ($($name:ident $status:literal $class:ident $meaning:literal;)*) => {
        /// Code of an OSS error.
        ///
        /// Branch on the code, not on the status, because one status has many causes. Every general
        /// code that OSS documents or is known to send has a variant. All others are
        /// [`Other`](Self::Other). Comparison is exact and case-sensitive.
        ///
        /// # Examples
        ///
        /// ```
        /// use tower_oss::ErrorCode;
        ///
        /// let code = ErrorCode::from("NoSuchKey");
        /// assert_eq!(code, ErrorCode::NoSuchKey);
        /// assert_eq!(code, "NoSuchKey");
        ///
        /// let code = ErrorCode::from("Imm Client"); // document processing invents its own
        /// assert!(matches!(code, ErrorCode::Other(_)));
        /// assert_eq!(code.as_str(), "Imm Client");
        /// ```
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)*
            /// A code without a variant.
            Other(UnknownCode),
        }

        /// Every code that has a variant, in the order of their texts' bytes.
        static KNOWN: &[ErrorCode] = &[$(ErrorCode::$name),*];

        /// The prefixes of the same codes, in the same order.
        static PREFIXES: &[u64] = &[$(prefix(stringify!($name))),*];

        impl ErrorCode {
            /// Returns the code as OSS sends it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Other(code) => code.as_str(),
                }
            }

            /// Returns the class of the code, or [`ErrorClass::Unknown`] if the code has no
            /// variant.
            ///
            /// [`OssError::class`](crate::OssError::class) also classifies an unlisted code, by its
            /// words and the status.
            #[must_use]
            pub fn class(&self) -> ErrorClass {
                match self {
                    $(Self::$name => ErrorClass::$class,)*
                    Self::Other(_) => ErrorClass::Unknown,
                }
            }

            /// Returns a short description of the code, or `None` if it has no variant.
            #[must_use]
            pub fn meaning(&self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($meaning),)*
                    Self::Other(_) => None,
                }
            }

            /// Returns the status that OSS documents for the code, or `None` if it documents none.
            /// If there are several, this is the first.
            ///
            /// A response can have another one: [`OssError::status`](crate::OssError::status).
            #[must_use]
            pub fn documented_status(&self) -> Option<StatusCode> {
                let status: u16 = match self {
                    $(Self::$name => $status,)*
                    Self::Other(_) => 0,
                };
                StatusCode::from_u16(status).ok()
            }
        }
    };
}

super::codes::error_code_table!(error_codes);

impl ErrorCode {
    /// Returns every code with a variant, sorted by text.
    #[must_use]
    pub fn known() -> &'static [Self] {
        KNOWN
    }

    /// This code, cut to `start`. Stays hidden if it was.
    pub(super) fn cut(&self, start: &str) -> Self {
        match (self, Self::from(start)) {
            (Self::Other(code), cut) if code.is_hidden => cut.hidden(),
            (_, cut) => cut,
        }
    }

    /// Hides the code from `Display` and `Debug`, unless it has a variant.
    pub(super) fn hidden(&self) -> Self {
        match self {
            Self::Other(code) => Self::Other(UnknownCode { is_hidden: true, ..code.clone() }),
            known => known.clone(),
        }
    }
}

/// Never fails. A code without a variant becomes [`Other`](ErrorCode::Other).
impl FromStr for ErrorCode {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl From<&str> for ErrorCode {
    fn from(text: &str) -> Self {
        let prefix = prefix(text);
        let first = PREFIXES.partition_point(|known| *known < prefix);
        let mut alike = (first..KNOWN.len()).take_while(|at| PREFIXES[*at] == prefix);
        match alike.find(|at| KNOWN[*at].as_str() == text) {
            Some(at) => KNOWN[at].clone(),
            None => Self::Other(UnknownCode { text: text.into(), is_hidden: false }),
        }
    }
}

/// The first eight bytes of a text as a number that sorts like the text. One comparison nearly
/// always decides.
const fn prefix(text: &str) -> u64 {
    let text = text.as_bytes();
    if let Some(first) = text.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let (mut first, mut at) = ([0; 8], 0);
    while at < text.len() {
        first[at] = text[at];
        at += 1;
    }
    u64::from_be_bytes(first)
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => fmt::Debug::fmt(code, f),
            known => f.write_str(known.as_str()),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => f.debug_tuple("Other").field(code).finish(),
            known => f.write_str(known.as_str()),
        }
    }
}

impl PartialEq<str> for ErrorCode {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<ErrorCode> for str {
    fn eq(&self, other: &ErrorCode) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<ErrorCode> for &str {
    fn eq(&self, other: &ErrorCode) -> bool {
        *self == other.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_so_that_binary_search_finds_every_code() {
        assert!(KNOWN.is_sorted_by(|a, b| a.as_str() < b.as_str()));
        for code in KNOWN {
            assert!(!matches!(ErrorCode::from(code.as_str()), ErrorCode::Other(_)), "{code}");
        }
    }

    #[test]
    fn codes_compare_exactly_and_case_sensitively() {
        assert_eq!(ErrorCode::from("NoSuchKey"), "NoSuchKey");
        for near in ["nosuchkey", "NoSuchKey ", "NoSuchKe", "NoSuchKeys", ""] {
            assert!(matches!(ErrorCode::from(near), ErrorCode::Other(_)), "{near:?}");
        }
    }

    #[test]
    fn every_documented_status_is_an_error_status() {
        for code in KNOWN {
            let Some(status) = code.documented_status() else { continue };
            assert!(status == 203 || status.as_u16() >= 400, "{code} {status}");
        }
    }

    #[test]
    fn the_codes_that_mean_reduce_the_request_rate_are_throttling() {
        let throttling: Vec<_> = KNOWN.iter().filter(|c| c.class() == ErrorClass::Throttling).collect();
        assert_eq!(
            throttling,
            [
                "ActiveRequestLimitExceeded",
                "CpuLimitExceeded",
                "DownloadTrafficRateLimitExceeded",
                "MetaOperationQpsLimitExceeded",
                "PartitionQpsLimitted",
                "QpsLimitExceeded",
                "SlowDown",
                "TotalQpsLimitExceeded",
                "UploadTrafficRateLimitExceeded",
            ]
        );
    }
}
