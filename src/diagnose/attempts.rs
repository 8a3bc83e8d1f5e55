//! The attempts of a call, as a report lists them.

use std::fmt;

use crate::error::{Error, History};

impl Error {
    /// Returns everything that OSS's support asks for, as text to paste into a ticket. It contains
    /// no secrets.
    ///
    /// It has several lines, with the attempts of the call, if there were several, and the [last
    /// OSS error](Self::last_oss_error).
    #[must_use]
    pub fn report(&self) -> String {
        match self {
            Self::Oss(error) => error.report(),
            Self::Transport(_) | Self::NotSent(_) => WithoutResponse(self).to_string(),
        }
    }
}

struct WithoutResponse<'a>(&'a Error);

impl fmt::Display for WithoutResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14}{}", "error", self.0)?;
        list(f, &self.0.history())?;
        match self.0.last_oss_error() {
            Some(last) => write!(f, "\nof an earlier attempt\n{}", last.report()),
            None => Ok(()),
        }
    }
}

/// Writes a line for each attempt that was kept, if there were several.
pub(super) fn list(f: &mut fmt::Formatter<'_>, history: &History) -> fmt::Result {
    if history.count() < 2 {
        return Ok(());
    }
    writeln!(f, "{:<14}{}", "attempts", history.count())?;
    history.attempts().iter().try_for_each(|attempt| writeln!(f, "{:<14}{attempt}", ""))
}
