use std::collections::BTreeMap;

/// Who waits, in the order in which they came, by their tickets: the numbers of all who ever waited.
#[derive(Debug)]
pub(super) struct Queue<W> {
    /// Whom to wake, if they have said so.
    waiting: BTreeMap<u64, Option<W>>,
    next: u64,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), next: 0 }
    }
}

impl<W> Queue<W> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the last place.
    pub(super) fn push(&mut self) -> u64 {
        let ticket = self.next;
        self.next += 1;
        self.waiting.insert(ticket, None);
        ticket
    }

    /// Whether this ticket waits still: its turn has not come, and it has not left.
    pub(super) fn waits(&self, ticket: u64) -> bool {
        self.waiting.contains_key(&ticket)
    }

    /// How many places are before this one at most: some may have been left since.
    pub(super) fn ahead_of(&self, ticket: u64) -> usize {
        let first = self.waiting.keys().next().map_or(ticket, |first| *first);
        usize::try_from(ticket.saturating_sub(first)).unwrap_or(usize::MAX).min(self.len().saturating_sub(1))
    }

    /// Remembers whom to wake when the turn of this ticket comes.
    pub(super) fn remember(&mut self, ticket: u64, waker: W) {
        if let Some(known) = self.waiting.get_mut(&ticket) {
            *known = Some(waker);
        }
    }

    /// Gives its turn to the first one: whom to wake, if it has said so. None if nobody waits.
    pub(super) fn call_next(&mut self) -> Option<Option<W>> {
        self.waiting.pop_first().map(|(_, waker)| waker)
    }

    /// The first one's waker, which it has to give again.
    pub(super) fn take_first_waker(&mut self) -> Option<W> {
        self.waiting.first_entry()?.get_mut().take()
    }

    /// Leaves the queue. True if that makes somebody else the first one.
    pub(super) fn leave(&mut self, ticket: u64) -> bool {
        let was_first = self.waiting.keys().next() == Some(&ticket);
        self.waiting.remove(&ticket);
        was_first && !self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_of(wakers: impl IntoIterator<Item = char>) -> (Queue<char>, Vec<u64>) {
        let mut queue = Queue::default();
        let push = |waker| {
            let ticket = queue.push();
            queue.remember(ticket, waker);
            ticket
        };
        let tickets = wakers.into_iter().map(push).collect();
        (queue, tickets)
    }

    #[test]
    fn first_come_first_served() {
        let (mut queue, tickets) = queue_of(['a', 'b', 'c']);
        assert_eq!(queue.ahead_of(tickets[2]), 2);
        assert_eq!(queue.call_next(), Some(Some('a')));
        assert!(!queue.waits(tickets[0]) && queue.waits(tickets[1]));
        assert_eq!(
            [queue.call_next(), queue.call_next(), queue.call_next()],
            [Some(Some('b')), Some(Some('c')), None]
        );
        assert!(queue.is_empty());
    }

    #[test]
    fn those_who_left_are_passed_over_wherever_they_stood() {
        for gone in 0..8_u32 {
            let (mut queue, tickets) = queue_of(['a', 'b', 'c']);
            let left = |index: &usize| gone & (1 << *index) != 0;
            for index in (0..3).filter(left) {
                queue.leave(tickets[index]);
            }
            assert_eq!(queue.len(), 3 - gone.count_ones() as usize);
            for index in (0..3).filter(|index| !left(index)) {
                assert_eq!(queue.call_next(), Some(Some(['a', 'b', 'c'][index])), "{gone:b}");
            }
            assert_eq!(queue.call_next(), None);
        }
    }

    #[test]
    fn who_comes_first_by_another_ones_leaving_is_told() {
        let (mut queue, tickets) = queue_of(['a', 'b', 'c']);
        assert!(!queue.leave(tickets[1]));
        assert!(queue.leave(tickets[0]));
        assert_eq!(queue.ahead_of(tickets[2]), 0);
        assert!(!queue.leave(tickets[2]), "nobody is left");
    }

    #[test]
    fn the_first_one_is_woken_without_losing_its_place() {
        let (mut queue, tickets) = queue_of(['a', 'b']);
        assert_eq!(queue.take_first_waker(), Some('a'));
        assert_eq!(queue.take_first_waker(), None);
        queue.remember(tickets[0], 'x');
        assert_eq!(queue.call_next(), Some(Some('x')));
    }
}
