//! What a user of the crate can see.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

mod application;
mod architecture;
mod body;
mod classify;
mod clients;
mod corpus;
mod dead_connection;
mod docs;
mod doubt;
mod exchange;
mod field;
mod find;
mod gateway;
mod history;
mod hooks;
mod http2;
mod not_sent;
mod retry;
mod retry_wire;
mod secrets;
mod service;
mod stack;
mod support;
mod test_util;
mod throttle;
mod throttle_patience;
mod throttle_polls;
mod throttle_wire;
mod traits;
mod transport;
mod wire;
