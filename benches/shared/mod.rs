//! Code shared by the benches.

pub mod bodies;
pub mod contenders;
pub mod shapes;
pub mod stack;
