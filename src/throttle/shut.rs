use super::settings::Settings;

/// Whether the server gives anything at all at present.
///
/// One that counts in windows gives nothing for the rest of a window that is used up, and refuses whatever comes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shut {
    /// Refusals in a row.
    refusals: u32,
    /// Of those, the ones of requests that were sent after the cut.
    after_cut: u32,
    since: Option<f64>,
}

impl Shut {
    pub(super) fn is_shut(&self) -> bool {
        self.since.is_some()
    }

    /// Whether nothing was refused since something was served.
    pub(super) fn is_calm(&self) -> bool {
        self.refusals == 0 && !self.is_shut()
    }

    /// True if that makes it shut.
    pub(super) fn refused(&mut self, after_cut: bool, now: f64, settings: &Settings) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.after_cut = self.after_cut.saturating_add(u32::from(after_cut));
        let shuts = self.refusals >= settings.shut_after || self.after_cut >= settings.shut_after_cut;
        if shuts && !self.is_shut() {
            self.since = Some(now);
            return true;
        }
        false
    }

    /// A request that was sent then has been served. Old news open nothing.
    pub(super) fn served(&mut self, sent: f64, after_cut: bool) {
        if self.since.is_none_or(|since| sent >= since) {
            self.since = None;
            self.refusals = 0;
        }
        if after_cut {
            self.after_cut = 0;
        }
    }
}
