//! What a user of the crate can see.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

mod body;
mod corpus;
mod support;
mod throttle;
mod throttle_wire;
mod wire;
