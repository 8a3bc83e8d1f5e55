//! The numbers of the limiter: what each means, its default and its bounds, and why. All that is said of one stands here.

use std::time::Duration;

use super::Builder;

/// Makes the struct, its defaults, the check of the bounds, and the setters of `Builder` with their docs.
macro_rules! settings {
    ($($(#[doc = $section:literal])+ {
        $($(#[doc = $doc:literal])+ $name:ident: $kind:ident = $default:expr, $least:literal to $most:literal;)+
    })+) => {
        /// The numbers of the limiter.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(super) struct Settings {
            $($(pub(super) $name: $kind,)+)+
        }

        impl Settings {
            pub(super) const DEFAULT: Self = Self { $($($name: $default,)+)+ };

            /// Name, number, and bounds of each.
            pub(super) fn all(&self) -> impl Iterator<Item = Setting> {
                [$($(Setting { name: stringify!($name), given: self.$name.number(), least: $least as f64, most: $most as f64, unit: unit!($kind) },)+)+]
                    .into_iter()
            }

            /// As they are, but for the one of this name.
            #[cfg(test)]
            pub(super) fn with(mut self, name: &str, number: f64) -> Self {
                match name {
                    $($(stringify!($name) => self.$name = $kind::of_number(number),)+)+
                    _ => panic!("no setting {name}"),
                }
                self
            }
        }

        $($(#[doc = $section])+ impl Builder {
            $($(#[doc = $doc])+
            #[doc = concat!("\n\nFrom ", stringify!($least), " to ", stringify!($most), unit!($kind), ".")]
            pub fn $name(mut self, $name: $kind) -> Self {
                self.settings.$name = $name;
                self
            })+
        })+
    };
}

macro_rules! unit {
    (Duration) => {
        " seconds"
    };
    ($other:ident) => {
        ""
    };
}

settings! {
    /// # How much is sent
    {
        /// Requests a second at the very beginning, but not more than [`max_rate`](Self::max_rate); 250.
        ///
        /// Enough that small jobs do not notice, and so little that a server which is overloaded already is not
        /// overrun. Less is stricter.
        first_rate: f64 = 250.0, 0.1 to 1000000;

        /// Never more requests a second than this; 100 000, which is to say no limit.
        ///
        /// With a quota that is known and shared with nobody, set it a little below: nothing is refused then.
        max_rate: f64 = 100_000.0, 0.1 to 1000000;

        /// While nobody waits, turns are saved up for this long, and one besides; 80 ms.
        ///
        /// So that a few calls at once need not wait, and need not look at the clock either. Less is stricter: what is saved
        /// up goes out at once.
        burst: Duration = Duration::from_millis(80), 0 to 1;

        /// While callers wait, turns that are not taken in time can be taken for this long, and one besides; 50 ms.
        ///
        /// It makes good for timers, which tell milliseconds apart and no less, and for tasks that are polled late: of a program
        /// that comes to its calls less often than this, the rest of the rate is lost. Less is stricter: that much goes out at
        /// once.
        catch_up: Duration = Duration::from_millis(50), 0 to 1;

        /// If no turn was taken for so much longer than one takes to come, the program has stood still; 10 ms. The rate does not
        /// grow for the rest of the time, for there were no news; and as long as no limit was measured, no more than that is
        /// caught up on. Less is stricter.
        standstill: Duration = Duration::from_millis(10), 0 to 10;
    }

    /// # How long a call waits
    {
        /// No request waits longer than this for its turn; 60 s.
        ///
        /// If it is clear that it would, it is rejected at once.
        max_wait: Duration = Duration::from_secs(60), 0 to 86400;

        /// No more requests wait than this; 10 000. It bounds the memory that overload can take.
        max_waiting: usize = 10_000, 0 to 10000000;

        /// A `Retry-After` pauses all sharers, but never for longer than this; 30 s.
        max_retry_after: Duration = Duration::from_secs(30), 0 to 86400;
    }

    /// # The start
    {
        /// Time in which the rate doubles as long as no limit has been met; 100 ms. Over a long way it is the time that an answer
        /// takes, up to [`longest_doubling`](Self::longest_doubling).
        ///
        /// So 256 calls at once are sent within 0.4 s over a short way. Longer is stricter: the limit is overrun by less.
        doubling: Duration = Duration::from_millis(100), 0.05 to 60;

        /// However long answers take, and before the first of them, the rate doubles in this time as long as no limit has been met;
        /// 1 s. If it is less than [`doubling`](Self::doubling), that holds.
        ///
        /// Answers that take longer do so because of what was asked for: a refusal is there sooner. Longer is stricter.
        longest_doubling: Duration = Duration::from_secs(1), 0.05 to 60;

        /// Share of the rate that is left at the first refusal; 0.25.
        ///
        /// The rate has doubled while the news was under way, and the server's bucket has hidden the limit before: a quarter of
        /// it was below the limit wherever it was tried, and not far below. Less is stricter, and takes longer.
        first_cut: f64 = 0.25, 0.01 to 1;

        /// At most one cut in this time; 100 ms. All refusals of one moment are one event.
        settling: Duration = Duration::from_millis(100), 0 to 1;

        /// Share of the rate that is left at a further refusal, before the limit could be measured; 0.5. Less is stricter.
        search_cut: f64 = 0.5, 0.01 to 1;

        /// A cut goes no lower than this share of what was accepted in the last second, but for trials and outages; 0.5.
        ///
        /// What was accepted is the server's own word for what it can do. Less is stricter.
        floor: f64 = 0.5, 0 to 0.9;
    }

    /// # A limit that is known
    {
        /// A limit is not counted over less than this, nor over less than three quarters of what the faster answers take; 50 ms.
        ///
        /// What is under way would be too large a part of it.
        shortest_measure: Duration = Duration::from_millis(50), 0.001 to 1;

        /// Nor is it counted from fewer requests than this at the first refusals; 8.
        ///
        /// Where a few requests more or less make a large difference, the rate would begin far from it.
        least_measure: f64 = 8.0, 1 to 1000;

        /// Two measures of the limit agree within this share, beside the one request and the moments that cannot be known better;
        /// 0.01.
        ///
        /// Clocks and ways of varying length need some; with much more, a contest looks as if nobody else were there.
        agreement: f64 = 0.01, 0 to 0.5;

        /// So many measures in a row have to agree until nobody else is thought to use up the limit; 5.
        ///
        /// In a contest about one in four agrees by chance.
        alone_after: u32 = 5, 1 to 1000000;

        /// How far below the limit the rate goes after a refusal, and above it before the next, when nobody else uses it up
        /// and it is tried after the [`shortest_trial`](Self::shortest_trial); 0.0125. Less if that takes longer.
        ///
        /// More finds a new limit sooner, and wastes more at a server that cannot save up.
        back_off: f64 = 0.0125, 0.001 to 0.5;

        /// A pass over the limit leaves out at least so many requests in its first half, however slow; 0.5.
        ///
        /// Less cannot be told from what the ways vary by. More is lost where nothing can be saved up.
        least_deficit: f64 = 0.5, 0 to 1000;

        /// A pass gets longer by this factor each time that the measures agree again; 2.
        ///
        /// Less takes longer to get to few refusals; more makes it cost more to have been wrong.
        patience: f64 = 2.0, 1 to 100;

        /// A limit that does not move is tried again after this time at the earliest; 4 s.
        ///
        /// Sooner while others may use it up, too, or after it has fallen.
        shortest_trial: Duration = Duration::from_secs(4), 0.1 to 3600;

        /// A limit is tried again after this time at the latest; 20 s. If it is less than the
        /// [`shortest_trial`](Self::shortest_trial), it holds.
        longest_trial: Duration = Duration::from_secs(20), 0.1 to 3600;

        /// A limit that does not move is tried again after so many requests; 400.
        ///
        /// A trial costs one refusal or two, so this is the price of knowing the limit: a quarter of a per cent. It is also
        /// what the measured limit is averaged over. More is stricter.
        requests_a_trial: f64 = 400.0, 10 to 1000000;
    }

    /// # A limit that others use up, too
    {
        /// How far the rate is cut at a refusal while other clients may use up the same limit; 0.085.
        ///
        /// Less costs more refusals: with four clients at 500/s, 0.07 costs 1.8 %, 0.085 costs 1.5 %, and 0.16 costs 0.9 %. The
        /// smallest share is about 0.9 of the largest with any of them, and may be 0.8 at single times.
        contest_back_off: f64 = 0.085, 0.001 to 0.5;

        /// By how much the rate grows each second, in requests a second, while other clients may use up the same limit; 20.
        ///
        /// All clients that grow by the same step come to equal shares. A larger one gets there sooner and costs more
        /// refusals. Use the same in all clients of one quota.
        contest_step: f64 = 20.0, 0.001 to 1000000;

        /// A pass is no shorter than this while others may be there; 0.45 s.
        ///
        /// So nobody grows by more than [`contest_back_off`](Self::contest_back_off) of itself in this time, a fifth a second.
        /// Small shares would be refused all the time otherwise.
        contest_shortest: Duration = Duration::from_millis(450), 0.1 to 60;

        /// A pass is no longer than this while others may be there; 1.5 s. If it is less than
        /// [`contest_shortest`](Self::contest_shortest), it holds.
        ///
        /// A large client would lose what the server cannot save up so long.
        contest_longest: Duration = Duration::from_millis(1500), 0.1 to 60;
    }

    /// # A limit that moves
    {
        /// Growth for each second of quota sent beyond what can be explained, as a logarithm a second; 20.
        ///
        /// It is the evidence that the limit has risen. With a bucket of 0.1 s, which is common, the rate is doubled before
        /// it shows that it is empty. Less is stricter.
        evidence: f64 = 20.0, 0 to 10000;

        /// So much quota sent beyond the limit can be explained by others that go, as long as others may be there; 0.5 s of it.
        ///
        /// More is stricter: a limit that has risen is found later.
        doubt: Duration = Duration::from_millis(500), 0 to 3600;

        /// So many requests sent beyond the limit can always be explained; 4.
        ///
        /// Fewer cannot be told from the moments at which requests happen to arrive. More is stricter.
        least_doubt: f64 = 4.0, 0 to 1000000;

        /// A limit that falls below this share of itself has fallen; 0.6. Above it, others may have come.
        fallen: f64 = 0.6, 0 to 1;

        /// What fell may rise again: for so long, no trial is longer than [`eager_trial`](Self::eager_trial); 30 s.
        eager_for: Duration = Duration::from_secs(30), 0 to 86400;

        /// Longest time to a trial after a fall; 0.7 s. Longer is stricter: a limit that rises again is found later.
        eager_trial: Duration = Duration::from_millis(700), 0.1 to 3600;
    }

    /// # A server that gives nothing at present
    ///
    /// Such as one that counts in windows, when one is used up.
    {
        /// So many refusals in a row mean that it gives nothing; 5.
        shut_after: u32 = 5, 1 to 1000000;

        /// And so do so many of requests that were sent at the lower rate after a cut; 3. Few requests have no time for more.
        shut_after_cut: u32 = 3, 1 to 1000000;

        /// Share of the rate with which it is tried; 0.2. At least once a second, or at half the rate if that is less. Less finds out
        /// late that it gives again.
        trickle: f64 = 0.2, 0 to 1;
    }

    /// # An outage
    {
        /// So many failures of the server in a row are an outage; 10.
        ///
        /// Where one answer in five is a random 500, that many in a row come once in ten million requests. Less is stricter.
        outage_after: u32 = 10, 2 to 1000000;

        /// Requests a second during an outage; 10.
        ///
        /// The end of an outage is seen within a tenth of a second then.
        probe_rate: f64 = 10.0, 0.1 to 1000;

        /// Each waiting caller adds one probe in this time, up to the [`probe_rate`](Self::probe_rate); 5 s.
        ///
        /// So one alone does not knock ten times a second for something that may be broken only for it.
        probe_interval: Duration = Duration::from_secs(5), 0.1 to 60;

        /// An outage shorter than this changes nothing: it was chance; 1 s.
        blip: Duration = Duration::from_secs(1), 0 to 3600;

        /// Time in which the rate doubles after an outage, beyond what was carried before it; 4 s.
        ///
        /// All those who waited come at once, and the server has just recovered. Longer is stricter.
        return_doubling: Duration = Duration::from_secs(4), 0.01 to 3600;
    }
}

/// One of the numbers.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) given: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    /// What it counts in, with a blank before it.
    pub(super) unit: &'static str,
}

/// What can be compared with its bounds. A time counts in seconds.
trait Number: Sized {
    fn number(self) -> f64;

    #[cfg(test)]
    fn of_number(number: f64) -> Self;
}

macro_rules! number {
    ($($kind:ty, $number:expr, $of_number:expr;)+) => {$(
        impl Number for $kind {
            fn number(self) -> f64 {
                $number(self)
            }

            #[cfg(test)]
            fn of_number(number: f64) -> Self {
                $of_number(number)
            }
        }
    )+};
}

number! {
    f64, |number| number, |number| number;
    u32, f64::from, |number| number as u32;
    usize, |number| number as f64, |number| number as usize;
    Duration, |time: Duration| time.as_secs_f64(), Duration::from_secs_f64;
}
