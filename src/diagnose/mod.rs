//! Text for people: what an error means, and what to send to support.

mod explain;
mod report;

pub use self::explain::Explanation;
