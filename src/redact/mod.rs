//! What is secret, and how text from the wire is shown.

mod headers;
mod names;
mod passages;
mod shown;

pub(crate) use self::{headers::marked, shown::Shown};
