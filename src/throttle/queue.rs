use std::collections::VecDeque;

/// Who waits, in the order in which they came.
///
/// Each has a ticket: its place in the sequence of all who ever waited. Tickets before the head have had their
/// turn, so that nobody needs to be told, and one who leaves is found at once.
#[derive(Debug)]
pub(super) struct Queue<W> {
    /// The ticket of the first slot.
    head: u64,
    slots: VecDeque<Slot<W>>,
    waiting: usize,
}

#[derive(Debug)]
enum Slot<W> {
    Waits(Option<W>),
    /// Left before its turn.
    Gone,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { head: 0, slots: VecDeque::new(), waiting: 0 }
    }
}

impl<W> Queue<W> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Takes the last place.
    pub(super) fn push(&mut self) -> u64 {
        self.slots.push_back(Slot::Waits(None));
        self.waiting += 1;
        self.head + self.slots.len() as u64 - 1
    }

    /// Whether the turn of this ticket has come.
    pub(super) fn is_called(&self, ticket: u64) -> bool {
        ticket < self.head
    }

    /// How many places are before this one, those left empty included.
    pub(super) fn ahead_of(&self, ticket: u64) -> usize {
        ticket.saturating_sub(self.head) as usize
    }

    /// Remembers whom to wake when the turn of this ticket comes.
    pub(super) fn remember(&mut self, ticket: u64, waker: W) {
        let index = self.ahead_of(ticket);
        if let Some(Slot::Waits(known)) = self.slots.get_mut(index) {
            *known = Some(waker);
        }
    }

    /// Gives its turn to the first one: whom to wake, if it has said so. None if nobody waits.
    pub(super) fn call_next(&mut self) -> Option<Option<W>> {
        while let Some(slot) = self.slots.pop_front() {
            self.head += 1;
            if let Slot::Waits(waker) = slot {
                self.waiting -= 1;
                return Some(waker);
            }
        }
        None
    }

    /// The first one's waker, which it has to give again.
    pub(super) fn take_first_waker(&mut self) -> Option<W> {
        self.slots.iter_mut().find_map(|slot| match slot {
            Slot::Waits(waker) => Some(waker.take()),
            Slot::Gone => None,
        })?
    }

    /// Leaves the queue. Only for a ticket whose turn has not come. True if somebody else is the first one now.
    pub(super) fn leave(&mut self, ticket: u64) -> bool {
        let index = self.ahead_of(ticket);
        if let Some(slot @ Slot::Waits(_)) = self.slots.get_mut(index) {
            *slot = Slot::Gone;
            self.waiting -= 1;
        }
        // Empty places at either end go at once; one in the middle goes with the last place before it.
        while let Some(Slot::Gone) = self.slots.back() {
            self.slots.pop_back();
        }
        self.tidy()
    }

    /// Removes empty places at the front. True if there were some, so that the first one comes sooner than it thinks.
    pub(super) fn tidy(&mut self) -> bool {
        let before = self.head;
        while let Some(Slot::Gone) = self.slots.front() {
            self.slots.pop_front();
            self.head += 1;
        }
        self.head != before
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
        assert!(queue.is_called(tickets[0]) && !queue.is_called(tickets[1]));
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
                assert!(queue.is_called(tickets[index]));
            }
            assert_eq!(queue.call_next(), None);
        }
    }

    #[test]
    fn a_place_at_the_end_is_taken_again_after_its_holder_left() {
        let (mut queue, tickets) = queue_of(['a', 'b']);
        queue.leave(tickets[1]);
        let again = queue.push();
        queue.remember(again, 'c');
        assert_eq!(queue.slots.len(), 2);
        assert_eq!([queue.call_next(), queue.call_next()], [Some(Some('a')), Some(Some('c'))]);
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
