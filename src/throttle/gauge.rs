use super::measure::{Moment, Span};

/// Counts what the server serves, and notes when it had nothing left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauge {
    /// Requests that used up some of the limit, and how long callers waited, so far.
    served: f64,
    pressed: f64,
    /// The last moment at which the server had nothing left.
    drained: Option<Moment>,
    /// The last cut, until the server gives again.
    cut: Option<Cut>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The rate before it.
    pub(super) sent: f64,
    /// No cut goes below this.
    pub(super) floor: f64,
    /// The moment of it.
    begun: Moment,
    /// The last moment before it at which the server had nothing left, unless it was the first.
    drained: Option<Moment>,
    /// The server was shut since.
    shut: bool,
}

/// The limit, as it was served between two refusals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    pub(super) limit: f64,
    pub(super) span: Span,
    /// How far apart the moments may be from those that are meant, in seconds.
    pub(super) blur: f64,
}

/// Callers have to wait for this share of a time, or what a server had saved up may have been lost.
const PRESSED: f64 = 0.8;
/// A window that was used up was used up whole; but there may have been others before it that were not.
const PRESSED_IN_WINDOWS: f64 = 0.5;

impl Gauge {
    pub(super) fn press(&mut self, seconds: f64) {
        self.pressed += seconds;
    }

    pub(super) fn serve(&mut self, requests: u32) {
        self.served += f64::from(requests);
    }

    /// What comes is not to be counted together with what was.
    pub(super) fn forget(&mut self) {
        self.drained = None;
        self.cut = None;
    }

    pub(super) fn cut(&mut self, sent: f64, floor: f64, at: f64) {
        // The server may not have given anything since the last one.
        let drained = self.cut.map_or(self.drained, |before| before.drained);
        self.cut = Some(Cut { sent, floor, begun: self.moment(at), drained, shut: false });
    }

    /// The server has nothing left now; with this refusal, it may count as shut.
    pub(super) fn refused(&mut self, shuts: bool, at: f64) {
        self.drained = Some(self.moment(at));
        if let Some(cut) = &mut self.cut {
            cut.shut |= shuts;
        }
    }

    fn moment(&self, at: f64) -> Moment {
        Moment { at, served: self.served, pressed: self.pressed }
    }

    /// Whether the server is waited for to give again.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// The cut that ends with the serving of a request that was sent then.
    pub(super) fn ends(&mut self, sent: f64) -> Option<Cut> {
        self.cut.take_if(|cut| sent >= cut.begun.at)
    }

    /// What was served up to the last refusal of a cut that ends now. None if the time is too short to count in, or too
    /// little was served, or if callers waited for too little of the time.
    pub(super) fn measure(&mut self, cut: Cut, shortest: f64, least: f64, now: f64) -> Option<Measure> {
        let blur = if cut.shut { self.place_opening(now) } else { 0.0 };
        // At the very first refusal the server had nothing left, either, and it goes on giving what flows in: unless it
        // counts in windows. That is told by how little it serves from then on.
        let (from, least) = cut.drained.map_or((cut.begun, least), |drained| (drained, 0.0));
        let span = from.to(self.drained?);
        if span.seconds < shortest || span.served < least {
            // It is counted together with what follows.
            self.drained = cut.drained.or(self.drained);
            return None;
        }
        let pressed = if cut.shut { PRESSED_IN_WINDOWS } else { PRESSED };
        let limit = span.limit(pressed)?;
        if cut.drained.is_none() && limit < cut.floor {
            return None; // late answers to what it had accepted before
        }
        Some(Measure { limit, span, blur })
    }

    /// A shut server has opened at some moment between the last refusal and now. How far apart these are.
    fn place_opening(&mut self, now: f64) -> f64 {
        let Some(drained) = &mut self.drained else { return 0.0 };
        let gap = now - drained.at;
        drained.at += gap / 2.0;
        drained.pressed += gap / 2.0;
        gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusals_measure_a_server_that_goes_on_giving() {
        for (served, limit) in [(100, Some(500.0)), (19, None), (7, None)] {
            let mut gauge = Gauge::default();
            gauge.cut(1000.0, 240.0, 1.0); // 480 were accepted in the last second
            gauge.refused(false, 1.0);
            gauge.serve(served); // of what was under way
            gauge.press(0.2);
            gauge.refused(false, 1.2);
            let cut = gauge.ends(1.0).unwrap();

            let measure = gauge.measure(cut, 0.15, 8.0, 1.25);
            assert_eq!(measure.map(|measure| measure.limit.round()), limit, "{served}");
        }
    }
}
