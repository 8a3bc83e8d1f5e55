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
pub struct Attempt {
    number: NonZeroU32,
    /// Attempts before this one that were not sent.
    unsent: u32,
    /// The same, for an error layer below. Made here, so that a success costs it nothing.
    packed: PackedAttempt,
}

impl Attempt {
    /// The first attempt.
    pub(crate) const FIRST: Self = Self { number: NonZeroU32::MIN, unsent: 0, packed: PackedAttempt(1) };

    /// Returns the attempt that this request is.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or(Self::FIRST)
    }

    /// Returns the number, counted from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number.get()
    }

    /// How many attempts were sent, if this one was.
    pub(crate) fn sent(self) -> u32 {
        self.number() - self.unsent
    }

    /// Returns the next attempt.
    pub(crate) fn next(self, was_sent: bool) -> Self {
        let unsent = self.unsent + u32::from(!was_sent && self.number() < u32::MAX);
        let number = self.number.saturating_add(1);
        Self { number, unsent, packed: PackedAttempt::new(number.get(), unsent) }
    }

    pub(crate) fn packed(self) -> PackedAttempt {
        self.packed
    }
}

/// The number of an attempt, up to 4 095, and how many before it were not sent, up to 15, in two
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackedAttempt(u16);

impl PackedAttempt {
    const BITS: u32 = 12;
    const MAX: u16 = (1 << Self::BITS) - 1;

    fn new(number: u32, unsent: u32) -> Self {
        let at_most = |number: u32, max: u16| u16::try_from(number).unwrap_or(max).min(max);
        Self(at_most(number, Self::MAX) | at_most(unsent, u16::MAX >> Self::BITS) << Self::BITS)
    }

    pub(crate) fn number(self) -> u32 {
        (self.0 & Self::MAX).into()
    }

    /// How many attempts were sent, if this one was.
    pub(crate) fn sent(self) -> u32 {
        self.number().saturating_sub((self.0 >> Self::BITS).into()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_attempt_keeps_the_numbers_up_to_its_limits() {
        for (number, unsent, expected) in [
            (1, 0, (1, 1)),
            (5, 3, (5, 2)),
            (16, 15, (16, 1)),
            (17, 16, (17, 2)),
            (4095, 0, (4095, 4095)),
            (4096, 0, (4095, 4095)),
            (u32::MAX, u32::MAX - 1, (4095, 4080)),
        ] {
            let packed = PackedAttempt::new(number, unsent);
            assert_eq!((packed.number(), packed.sent()), expected, "{number} {unsent}");
        }
    }
}
