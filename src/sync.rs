//! Atomics and locks: std's, or loom's where the tests try every interleaving of threads
//! (`.ci/extra/loom`).

#[cfg(not(all(test, tower_oss_loom)))]
pub(crate) use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64},
};

#[cfg(all(test, tower_oss_loom))]
pub(crate) use loom::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64},
};
