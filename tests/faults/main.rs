//! Faults of networks and servers over real sockets: one table, kept in `docs/faults.md`.
//!
//! A separate program, because `allocation_counter` replaces the allocator. It counts each thread
//! separately, so servers run in their own threads.
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
