//! Counts the bytes that are visited, so that tests can show that the work is linear. Does nothing
//! outside of tests.

#[cfg(test)]
thread_local! {
    static VISITED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts this many visited bytes, or the same amount of other work.
#[inline]
pub(super) fn visit(bytes: usize) {
    #[cfg(test)]
    VISITED.with(|visited| visited.set(visited.get() + bytes));
    #[cfg(not(test))]
    let _ = bytes;
}

/// The bytes visited during a call.
#[cfg(test)]
pub(super) fn count<T>(call: impl FnOnce() -> T) -> usize {
    let before = visited();
    let _ = call();
    visited() - before
}

/// The bytes visited on this thread so far.
#[cfg(test)]
pub(super) fn visited() -> usize {
    VISITED.with(std::cell::Cell::get)
}
