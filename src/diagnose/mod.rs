//! Text for people: what an error means, and what to send to support.

mod area;
mod attempts;
mod ec;
mod explain;
mod link;
mod no_response;
mod origin;
mod remedy;
mod report;
