//! How the value of an element or a header is shown.

use std::fmt;

use super::{Secrets, Shown, names::is_secret_field};

/// Maximum length of a value that is shown, in bytes.
pub(super) const MAX_VALUE: usize = 256;

/// Shows the value of an element or a header, or only its size if it is long or has a secret name.
#[derive(Clone)]
pub(crate) enum ShownField<'a> {
    Value(Shown<'a>),
    Size(usize),
}

impl<'a> ShownField<'a> {
    pub(crate) fn new(name: &str, value: &'a str, secrets: &'a Secrets) -> Self {
        if value.len() > MAX_VALUE || is_secret_field(name) {
            Self::Size(value.len())
        } else {
            Self::Value(Shown::beside(value, secrets))
        }
    }
}

impl fmt::Display for ShownField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Size(bytes) => write!(f, "({bytes} bytes, not shown)"),
        }
    }
}

impl fmt::Debug for ShownField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => fmt::Debug::fmt(value, f),
            Self::Size(_) => fmt::Display::fmt(self, f),
        }
    }
}
