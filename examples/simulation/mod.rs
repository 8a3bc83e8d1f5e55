//! A made-up OSS with a quota, clients that want more than it gives, and a clock that jumps from
//! event to event.
//!
//! What runs is the real stack: tower's retry layer, the throttle, the error layer, on tokio with
//! its clock paused. So the simulation is exact about what users run, queues and timers included,
//! and the same seed gives the same figures.

pub(crate) mod client;
pub(crate) mod others;
pub(crate) mod picture;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod scenario;
pub(crate) mod server;
pub(crate) mod sweep;
