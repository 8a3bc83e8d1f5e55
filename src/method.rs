//! The method of a request, in a byte.

use http::Method;

/// The standard methods. All others are [`Other`](Self::Other).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum StandardMethod {
    Options,
    Get,
    Post,
    Put,
    Delete,
    Head,
    Trace,
    Connect,
    Patch,
    Query,
    #[default]
    Other,
}

impl StandardMethod {
    #[inline]
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::OPTIONS => Self::Options,
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::TRACE => Self::Trace,
            Method::CONNECT => Self::Connect,
            Method::PATCH => Self::Patch,
            Method::QUERY => Self::Query,
            _ => Self::Other,
        }
    }

    pub(crate) fn get(self) -> Option<Method> {
        Some(match self {
            Self::Options => Method::OPTIONS,
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
            Self::Head => Method::HEAD,
            Self::Trace => Method::TRACE,
            Self::Connect => Method::CONNECT,
            Self::Patch => Method::PATCH,
            Self::Query => Method::QUERY,
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_method_is_kept() {
        let names = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY"];
        for name in names {
            let method: Method = name.parse().unwrap();
            assert_eq!(StandardMethod::of(&method).get().unwrap(), name);
        }
        assert_eq!(StandardMethod::of(&"PURGE".parse().unwrap()).get(), None);
    }
}
