//! The `is_*` methods of [`OssError`].

use super::{ErrorClass, OssError, Outlook};

impl OssError {
    /// Returns whether the object, bucket, upload or configuration does not exist.
    ///
    /// Check the [`code`](Self::code) to see which. A HEAD response without a code can mean a
    /// missing bucket.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.class() == ErrorClass::NotFound
    }

    /// Returns whether a limit was exceeded. Reduce the request rate. The request did not take
    /// effect.
    ///
    /// True for codes of class [`Throttling`](ErrorClass::Throttling), for every 429 and 509, for a
    /// 503 with an unlisted code that names a limit, and at other statuses for an unlisted code
    /// that names a request rate (`…Qps…`, `Throttl…`, `SlowDown`, `RateLimit`, and so on). A 503
    /// without such a code is class [`Server`](ErrorClass::Server): the request may have taken
    /// effect.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.class() == ErrorClass::Throttling
    }

    /// Returns whether permission is missing. For a wrong signature or key this is false, although
    /// the class is [`Auth`](ErrorClass::Auth).
    ///
    /// True for codes of class `Auth` whose words say so, listed or not (`AccessDenied`, `…Denied`,
    /// `NoPermission…`, `Unauthorized…`, `Forbidden`), and for every error with an
    /// `AccessDeniedDetail`.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        let parts = self.parts();
        parts.meaning.denies_access(&parts.code) || parts.fields.has_access_denied_detail()
    }

    /// Returns whether the current state of the resource does not allow the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.class() == ErrorClass::Conflict
    }

    /// Returns whether a condition in the request's headers was not met.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.class() == ErrorClass::Precondition
    }

    /// Returns whether the client's clock is more than 15 minutes off.
    #[must_use]
    pub fn is_clock_skewed(&self) -> bool {
        self.class() == ErrorClass::Clock
    }

    /// Returns whether the upload callback failed. The object **is stored**: do not upload it
    /// again.
    #[must_use]
    pub fn is_callback_failed(&self) -> bool {
        self.class() == ErrorClass::Callback
    }

    /// Returns whether the same request could succeed after a wait.
    ///
    /// This does not mean that a retry is safe: an append whose response was lost may have taken
    /// effect.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.outlook(), Outlook::Transient | Outlook::Throttled)
    }
}
