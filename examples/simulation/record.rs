/// What the server did, in slots of a tenth of a second, for each client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    slots: Vec<Vec<Slot>>,
    /// Requests that the server could have accepted, but that were not sent in time.
    unused: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) accepted: u32,
    pub(crate) throttled: u32,
    pub(crate) failed: u32,
}

impl Slot {
    pub(crate) fn sent(self) -> u32 {
        self.accepted + self.throttled + self.failed
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            throttled: self.throttled + other.throttled,
            failed: self.failed + other.failed,
        }
    }
}

pub(crate) const SLOTS_PER_SECOND: f64 = 20.0;

impl Record {
    pub(crate) fn slot(&mut self, client: usize, now: f64) -> &mut Slot {
        let index = (now * SLOTS_PER_SECOND) as usize;
        if self.slots.len() <= client {
            self.slots.resize(client + 1, Vec::new());
        }
        let slots = &mut self.slots[client];
        if slots.len() <= index {
            slots.resize(index + 1, Slot::default());
        }
        &mut slots[index]
    }

    /// So many requests more could have been accepted between these moments, and cannot any more.
    pub(crate) fn waste(&mut self, requests: f64, from: f64, to: f64) {
        let [first, last] = [from, to].map(|time| (time * SLOTS_PER_SECOND) as usize);
        if self.unused.len() <= last {
            self.unused.resize(last + 1, 0.0);
        }
        let slots = &mut self.unused[first..=last];
        let each = requests / slots.len() as f64;
        slots.iter_mut().for_each(|slot| *slot += each);
    }

    /// What could have been accepted from one moment to another, and was not.
    pub(crate) fn unused(&self, from: f64, to: f64) -> f64 {
        let index = |time: f64| ((time * SLOTS_PER_SECOND).round() as usize).min(self.unused.len());
        self.unused[index(from)..index(to).max(index(from))].iter().sum()
    }

    /// What one client got from one moment to another.
    pub(crate) fn of(&self, client: usize, from: f64, to: f64) -> Slot {
        let slots = self.slots.get(client).map_or(&[][..], |slots| slots);
        let index = |time: f64| ((time * SLOTS_PER_SECOND).round() as usize).min(slots.len());
        slots[index(from)..index(to).max(index(from))]
            .iter()
            .fold(Slot::default(), |sum, slot| sum.plus(*slot))
    }

    /// What all clients got from one moment to another.
    pub(crate) fn all(&self, from: f64, to: f64) -> Slot {
        (0..self.slots.len()).fold(Slot::default(), |sum, client| sum.plus(self.of(client, from, to)))
    }
}
