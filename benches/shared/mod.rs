//! What the benches have in common.

pub mod bodies;
pub mod contenders;
pub mod shapes;
pub mod stack;
