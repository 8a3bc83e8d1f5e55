//! What a server that counts effects does with one request.

use h2::Reason;

use crate::{
    fault::{BUSY, complete, with_length},
    http1::{self, write},
    http2,
};

/// How a request ends on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    Success,
    /// A success whose body breaks.
    Cut,
    Throttled,
    TooMany,
    Internal,
    Page,
    CutError,
    /// Over HTTP/2, `REFUSED_STREAM`. Over HTTP/1.1, which has no equivalent, a throttled response.
    Refused,
    Reset,
    /// A reset within the head, or over HTTP/2 within the body.
    LateReset,
    Close,
    Stall,
}

const PAGE: &str = "<html>502</html>";
const INTERNAL: &str = "<Error><Code>InternalError</Code></Error>";

impl Deed {
    /// Chooses one at random: half of all requests succeed.
    pub(crate) fn random(random: &mut fastrand::Rng) -> Self {
        const FAULTS: [Deed; 9] = [
            Deed::Cut,
            Deed::Throttled,
            Deed::TooMany,
            Deed::Internal,
            Deed::Page,
            Deed::CutError,
            Deed::Refused,
            Deed::Reset,
            Deed::LateReset,
        ];
        match random.usize(..400) {
            ..200 => Self::Success,
            200 => Self::Stall,      // each takes a time limit
            201..203 => Self::Close, // over HTTP/2, each ends all requests on the connection
            at => FAULTS[at % FAULTS.len()],
        }
    }

    /// Whether the request takes effect. Chance decides if the response does not tell.
    pub(crate) fn is_applied(self, random: &mut fastrand::Rng) -> bool {
        match self {
            Self::Success | Self::Cut => true,
            Self::Throttled | Self::TooMany | Self::Refused => false,
            _ => random.bool(),
        }
    }

    pub(crate) fn over_http1(self) -> Vec<http1::Step> {
        use http1::Step::{Close, Reset, Stall};
        match self {
            Self::Success => vec![write(complete("200 OK", "ok"))],
            Self::Cut => vec![write(with_length("200 OK", 100) + "part"), Close],
            Self::Throttled | Self::Refused => vec![write(complete("503 Busy", BUSY))],
            Self::TooMany => vec![write(complete("429 Too Many Requests", ""))],
            Self::Internal => vec![write(complete("500 Internal Server Error", INTERNAL))],
            Self::Page => vec![write(complete("502 Bad Gateway", PAGE))],
            Self::CutError => vec![write(with_length("503 Busy", 1000) + "<Error>"), Close],
            Self::Reset => vec![Reset],
            Self::LateReset => vec![write("HTTP/1.1 200 OK\r\ncont"), Reset],
            Self::Close => vec![Close],
            Self::Stall => vec![Stall],
        }
    }

    pub(crate) fn over_http2(self) -> Vec<http2::Step> {
        use http2::Step::{Data, End, GoAway, Head, Reset, Stall};
        let response =
            |status, body: &'static str| vec![Head(status, Some(body.len())), Data(body.into()), End];
        match self {
            Self::Success => response(200, "ok"),
            Self::Cut => vec![Head(200, Some(100)), Data("part".into()), Reset(Reason::CANCEL)],
            Self::Throttled => response(503, BUSY),
            Self::TooMany => response(429, ""),
            Self::Internal => response(500, INTERNAL),
            Self::Page => response(502, PAGE),
            Self::CutError | Self::LateReset => {
                vec![Head(503, Some(1000)), Data("<Error>".into()), Reset(Reason::INTERNAL_ERROR)]
            }
            Self::Refused => vec![Reset(Reason::REFUSED_STREAM)],
            Self::Reset => vec![Reset(Reason::INTERNAL_ERROR)],
            Self::Close => vec![GoAway(Reason::INTERNAL_ERROR), Stall],
            Self::Stall => vec![Stall],
        }
    }
}
