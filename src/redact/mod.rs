//! Which text is secret, and how text from the wire is shown.
//!
//! This module sees names and texts only, no errors. It hides a text rather than risk showing a
//! secret.

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
mod hostile;
#[cfg(test)]
mod linear;
