//! What a network and a server can do to a call, over real sockets: one table of faults, kept in `docs/faults.md`.
//!
//! A program of its own, because `allocation_counter` replaces the allocator. It counts for each thread apart, so
//! servers run in threads of their own.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

mod at_most_once;
#[path = "../it/retry_wire/clients.rs"]
#[expect(dead_code, reason = "tests/it uses all of it")]
mod clients;
mod deeds;
mod fault;
mod http1;
mod http2;
mod matrix;
mod outcome;
mod over_http1;
mod over_http2;
mod over_tls;
mod soak;
mod stacks;
