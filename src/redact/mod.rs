//! What is secret, and how text from the wire is shown.
//!
//! This knows names and texts alone, and nothing of errors. It errs on the side of hiding: a log line that says less can be
//! lived with.

mod field;
mod fold;
mod headers;
mod labels;
mod names;
mod nearness;
mod passages;
mod public;
mod repeated;
mod shapes;
mod shown;
mod urls;
mod work;

pub(crate) use self::{
    field::ShownField,
    headers::{list_headers, marked},
    repeated::Secrets,
    shown::Shown,
};

#[cfg(test)]
mod linear;
