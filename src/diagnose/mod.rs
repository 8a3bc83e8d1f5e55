//! Text for people: the meaning of an error, and the report for support.

mod area;
mod attempts;
mod ec;
mod explain;
mod link;
mod no_response;
mod origin;
mod remedy;
mod report;
