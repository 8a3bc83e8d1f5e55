use std::fmt;

/// Writes the details at the end of a line, in brackets if there are any.
pub(super) struct Bracket<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_open: bool,
}

impl<'a, 'b> Bracket<'a, 'b> {
    pub(super) fn new(f: &'a mut fmt::Formatter<'b>) -> Self {
        Self { f, is_open: false }
    }

    pub(super) fn add(&mut self, detail: impl fmt::Display) -> fmt::Result {
        let separator = if self.is_open { ", " } else { " [" };
        self.is_open = true;
        write!(self.f, "{separator}{detail}")
    }

    pub(super) fn close(self) -> fmt::Result {
        if self.is_open { self.f.write_str("]") } else { Ok(()) }
    }
}
