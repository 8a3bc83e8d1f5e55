//! The attempts of a call, as a report lists them.

use std::fmt;

use crate::error::{Doubt, Error, History, Notes};

impl Error {
    /// Returns everything that OSS's support asks for, as text to paste into a ticket. It contains
    /// no secrets.
    ///
    /// The text has several lines. They list the [last OSS error](Self::last_oss_error), and the
    /// attempts of the call, if there were several.
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
        doubt(f, self.0.notes())?;
        list(f, &self.0.history(), self.0.attempts())?;
        match self.0.last_oss_error() {
            Some(last) => write!(f, "\nof an earlier attempt\n{}", last.report()),
            None => Ok(()),
        }
    }
}

/// Writes a line if the request may have taken effect.
pub(super) fn doubt(f: &mut fmt::Formatter<'_>, notes: &Notes) -> fmt::Result {
    let text = match Doubt::of(notes) {
        Some(Doubt::Outcome) => "unknown: the request may have taken effect",
        Some(Doubt::Earlier) => "an earlier attempt may have taken effect",
        None => return Ok(()),
    };
    writeln!(f, "{:<14}{text}", "outcome")
}

/// Writes a line for each attempt that was kept, if there were several.
pub(super) fn list(f: &mut fmt::Formatter<'_>, history: &History, sent: u32) -> fmt::Result {
    if history.count() < 2 {
        return Ok(());
    }
    let (count, were) = (history.count(), if sent == 1 { "was" } else { "were" });
    write!(f, "{:<14}{count}", "attempts")?;
    if sent != count {
        write!(f, ", of which {sent} {were} sent")?;
    }
    writeln!(f)?;
    history.attempts().iter().try_for_each(|attempt| writeln!(f, "{:<14}{attempt}", ""))
}
