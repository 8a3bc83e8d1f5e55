//! The policy over real sockets, under hyper-util's client and reqwest's. Short real limits, and
//! assertions on counts.

mod append;
mod bodies;
pub(crate) mod clients;
mod faults;
pub(crate) mod server;
mod skew;
