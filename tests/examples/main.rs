//! What the examples print, compared with the files in `snapshots/`. With `UPDATE_SNAPSHOTS=1` in the environment
//! the files are written anew: look at the difference before it is committed.
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
