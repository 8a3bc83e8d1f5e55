use std::fmt;

use super::FixedBy;

/// Meaning of an error, its likely cause, and what to do about it.
///
/// Returned by `explain()` on every error. The texts come from built-in tables. They are for
/// people, and may change in any release.
///
/// # Examples
///
/// ```
/// # use tower_oss::OssError;
/// # let response = http::Response::builder().status(404).header("x-oss-ec", "0026-00000001");
/// # let error = OssError::from_response(response.body(bytes::Bytes::new()).unwrap());
/// let explanation = error.explain();
/// println!("{explanation}");
///
/// assert_eq!(explanation.cause(), Some("Object or version does not exist"));
/// assert_eq!(
///     explanation.guide_url(),
///     Some("https://api.alibabacloud.com/troubleshoot?q=0026-00000001")
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    pub(crate) caution: Option<&'static str>,
    pub(crate) meaning: Option<&'static str>,
    pub(crate) cause: Option<&'static str>,
    pub(crate) area: Option<&'static str>,
    pub(crate) remedy: &'static str,
    pub(crate) fixed_by: Option<FixedBy>,
    pub(crate) retry_helps: bool,
    pub(crate) guide_url: Option<String>,
}

impl Explanation {
    /// Returns what to check first, if the request may have taken effect: the call ended with
    /// [`OutcomeUnknown`](super::RetryStop::OutcomeUnknown), or
    /// [`after_ambiguous_attempt`](super::Error::after_ambiguous_attempt) is true.
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    /// Returns what the code means, or `None` if the code is not in the table, or was only inferred
    /// from the status.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        self.meaning
    }

    /// Returns the likely cause, or `None` if neither the EC nor the shape of the response tells
    /// it. For an EC that is not in the table, the text names its [`area`](Self::area).
    #[must_use]
    pub fn cause(&self) -> Option<&'static str> {
        self.cause
    }

    /// Returns the part of OSS that the EC belongs to, such as `access control`. `None` without an
    /// EC, or if the table does not list its first four digits.
    #[must_use]
    pub fn area(&self) -> Option<&'static str> {
        self.area
    }

    /// Returns what to do about the error.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.remedy
    }

    /// Returns who can fix the cause. `None` only from [`of_ec`](Self::of_ec), if the EC does not
    /// tell.
    #[must_use]
    pub fn fixed_by(&self) -> Option<FixedBy> {
        self.fixed_by
    }

    /// Returns whether the same request could succeed after a wait.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        self.retry_helps
    }

    /// Returns the address of OSS's page about the error.
    ///
    /// This is the address in the response, if it is an `https` page of `api.aliyun.com`,
    /// `api.alibabacloud.com`, `help.aliyun.com` or `www.alibabacloud.com`. Otherwise it is the
    /// page about the EC, or `None` if there is no well-formed EC.
    #[must_use]
    pub fn guide_url(&self) -> Option<&str> {
        self.guide_url.as_deref()
    }
}

/// A few sentences on one line.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in [self.caution, self.meaning, self.cause].into_iter().flatten() {
            write!(f, "{text}. ")?;
        }
        write!(f, "{}.", self.remedy)
    }
}
