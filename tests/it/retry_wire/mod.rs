//! The policy over real sockets, under hyper-util's client and reqwest's. Short real limits, and assertions on counts.

mod append;
mod bodies;
mod clients;
mod faults;
mod server;
mod skew;
