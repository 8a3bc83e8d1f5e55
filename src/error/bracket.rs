use std::fmt;

use super::{Doubt, Notes, OssError};

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

    /// Adds whether an attempt may have taken effect, and the last OSS error of the call.
    pub(super) fn add_call(&mut self, notes: &Notes, last: Option<&OssError>) -> fmt::Result {
        if let Some(doubt) = Doubt::of(notes) {
            self.add(doubt)?;
        }
        if let Some(error) = last {
            let id = error.request_id().unwrap_or("none");
            self.add(format_args!("last error {}, request {}", error.code(), error.shown(id)))?;
        }
        Ok(())
    }

    pub(super) fn close(self) -> fmt::Result {
        if self.is_open { self.f.write_str("]") } else { Ok(()) }
    }
}
