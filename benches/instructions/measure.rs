//! What callgrind counts.

use std::hint::black_box;

/// Paths that are compared with each other.
pub struct Group {
    pub name: &'static str,
    pub measure: Measure,
    /// A name, and a function that runs it once under [`measured`].
    pub cases: &'static [(&'static str, fn())],
}

/// The figure of a group. The check allows a deviation of a tenth.
#[derive(Clone, Copy, PartialEq)]
pub enum Measure {
    /// The instructions, as a multiple of those of the first case.
    Ratio,
    /// As `Ratio`, over documents of one length.
    Even,
    /// As `Ratio`, but the tolerance is absolute and small: a client costs ten times what the layer
    /// does.
    Client,
    /// The instructions beyond those of the first case, as a share of what the events of quick-xml
    /// take for 322 bytes.
    Added,
}

/// Only the work in this function is counted. Callgrind finds it by its name.
#[inline(never)]
pub fn measured(work: &mut dyn FnMut()) {
    work();
    black_box(()); // otherwise the call above is a tail call, and leaves this function
}

/// Measures a piece of work, and the drop of its result.
pub fn repeat<I, O>(mut input: impl FnMut() -> I, mut work: impl FnMut(I) -> O) {
    for _ in 0..8 {
        drop(work(input())); // one-time work is not counted
    }
    let mut input = Some(input());
    measured(&mut || drop(black_box(input.take().map(&mut work))));
}
