//! What a user of the crate can see.

mod corpus;
mod support;
