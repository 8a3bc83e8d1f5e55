use std::{
    error::Error as StdError,
    fmt::{self, Write},
    io::ErrorKind,
};

use super::find::error_chain;

/// What failed before there was a connection, where the error tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectFault {
    UnknownHost,
    /// The connector of hyper-util cannot use the URL, and never will.
    Scheme,
    Url,
    Tls,
}

/// hyper-util's own texts. Its errors have no other sign, and a text that it changes one day is no
/// longer recognized, which costs the detail alone.
const TEXTS: [(&str, ConnectFault); 4] = [
    ("dns error", ConnectFault::UnknownHost),
    ("invalid URL, scheme is not http", ConnectFault::Scheme),
    ("invalid URL, scheme is missing", ConnectFault::Url),
    ("invalid URL, host is missing", ConnectFault::Url),
];

impl ConnectFault {
    /// Finds out what failed, given the first kind of an I/O error among the causes.
    pub(super) fn of(error: &(dyn StdError + 'static), io_kind: Option<ErrorKind>) -> Option<Self> {
        let by_text = |link| TEXTS.into_iter().find(|(text, _)| is_text_of(text, link));
        match error_chain(error).find_map(by_text) {
            Some((_, fault)) => Some(fault),
            // As rustls reports every fault of a handshake, apart from a closed connection.
            None => (io_kind == Some(ErrorKind::InvalidData)).then_some(Self::Tls),
        }
    }

    /// Whether another attempt would fail as well.
    pub(super) fn is_permanent(self) -> bool {
        matches!(self, Self::Scheme | Self::Url)
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::UnknownHost => "host not found",
            Self::Scheme => "the connector speaks http only",
            Self::Url => "the URL has no scheme or host",
            Self::Tls => "TLS failed",
        }
    }
}

/// Whether an error prints exactly this. Ends at the first difference.
fn is_text_of(text: &str, error: &dyn StdError) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{error}").is_ok() && rest.0.is_empty()
}

struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn only_the_exact_text_is_recognized() {
        for (text, fault) in TEXTS {
            assert_eq!(ConnectFault::of(&io::Error::other(text), None), Some(fault));
            for other in [format!("{text}."), format!(" {text}"), text[1..].to_owned(), String::new()] {
                assert_eq!(ConnectFault::of(&io::Error::other(other), None), None);
            }
        }
        let lost = io::Error::from(ErrorKind::UnexpectedEof);
        assert_eq!(ConnectFault::of(&lost, Some(ErrorKind::UnexpectedEof)), None);
        assert_eq!(ConnectFault::of(&lost, Some(ErrorKind::InvalidData)), Some(ConnectFault::Tls));
    }
}
