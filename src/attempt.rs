use std::num::NonZeroU32;

use http::Request;

/// The number of an attempt: a request extension, for signers, spans and headers.
///
/// [`RetryPolicy`](crate::RetryPolicy) adds it from the second attempt on. A request without it is
/// the first attempt.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use tower_oss::retry::Attempt;
///
/// let request = Request::new(());
/// assert_eq!(Attempt::of(&request).number(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(NonZeroU32);

impl Attempt {
    /// The first attempt.
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    /// Returns the attempt that this request is.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or(Self::FIRST)
    }

    /// Returns the number, counted from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// Returns the next attempt.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
