//! The output of the examples, compared with the files in `snapshots/`. `UPDATE_SNAPSHOTS=1` in the
//! environment rewrites the files: check the difference before you commit it.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

mod credentials;
mod explain;
mod programs;
mod run;
mod signature;
#[path = "../../examples/signer/mod.rs"]
#[expect(dead_code, reason = "the tests use a part of it")]
mod signer;
mod snapshot;
mod target;
