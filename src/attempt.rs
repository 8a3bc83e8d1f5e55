use std::num::NonZeroU32;

use http::Request;

/// Which attempt a request is: a request extension, for signers, spans and headers.
///
/// The policy adds it from the second attempt on; a request without it is the first.
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
    /// The first.
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    /// Which attempt this request is.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or(Self::FIRST)
    }

    /// The number, counted from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The one after this.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
