//! Work, counted: twice the input may take 2.2 times the work, not more.
//!
//! A step is an edge between two blocks of machine code: the compiler calls
//! [`__sanitizer_cov_trace_pc`] at each, in the crate, in all that it depends on, and in what is
//! generic of the standard library. Nothing has to be kept in step with the code, and the count is
//! the same on each run.
//!
//! What it would not notice: loops inside of the compiled part of the standard library that
//! allocate nothing, such as `str::find`, `memmove`, `memcmp` and the check of UTF-8; and shapes of
//! input that no test has listed. `benches/instructions` counts the former where there is valgrind,
//! and the fuzz targets look for the latter.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use allocation_counter::measure;

static STEPS: AtomicU64 = AtomicU64::new(0);

#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_pc() {
    STEPS.fetch_add(1, Relaxed);
}

/// What a call takes.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub steps: u64,
    /// Bytes that are allocated, whether they are freed or not.
    pub bytes: u64,
}

impl Work {
    /// Of the call alone, and of the drop of what it returns.
    pub fn of<T>(call: impl FnOnce() -> T) -> Self {
        let before = STEPS.load(Relaxed);
        let allocated = measure(|| drop(black_box(call())));
        Self { steps: STEPS.load(Relaxed) - before, bytes: allocated.bytes_total }
    }

    /// Whether this is in proportion to the work for half the input.
    pub fn is_linear(self, half: Self) -> bool {
        let at_most = |work: u64, half: u64, more| work <= half * 22 / 10 + more;
        // A buffer that has been large enough so far may have to grow.
        at_most(self.steps, half.steps, 512) && at_most(self.bytes, half.bytes, 32 << 10)
    }
}

/// The faults that were found, to be shown together.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<String>,
    measured: usize,
}

impl Faults {
    /// Measures what a call takes with an input of this length, and with one of twice the length.
    pub fn measure<I, O>(
        &mut self,
        name: &str,
        length: usize,
        input: impl Fn(usize) -> I,
        call: impl Fn(I) -> O,
    ) {
        let work = |length| {
            let input = input(length);
            Work::of(|| call(input))
        };
        let _first = work(length); // what is done once in the life of a program does not count
        let (once, twice) = (work(length), work(2 * length));
        assert!(once.steps > 0, "nothing counts the steps: run .ci/complexity");
        self.measured += 1;
        if !twice.is_linear(once) {
            self.found.push(format!("{name}: {once:?} for {length} bytes, {twice:?} for twice as many"));
        }
    }

    pub fn assert_none(self) {
        assert!(self.found.is_empty(), "{} faults:\n{}", self.found.len(), self.found.join("\n"));
        println!("{} pairs measured", self.measured);
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.found.len()
    }
}
