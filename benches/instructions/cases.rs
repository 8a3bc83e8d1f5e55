//! What is measured.

use std::{cell::Cell, convert::Infallible, hint::black_box, thread, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, retry::RetryLayer, timeout::TimeoutLayer};
use tower_http::{map_response_body::MapResponseBodyLayer, set_status::SetStatusLayer};
use tower_oss::{OssErrorLayer, RetryPolicy, ThrottleLayer};

use crate::{
    client, hostile,
    shared::{
        bodies::{self, ELEVEN, SIX},
        contenders,
        stack::{Frames, NeverAgain, Once, Slot, request, send},
    },
};

pub const KIB: usize = 1024;

/// A group of a hostile shape at one length and at twice that: linear, or not.
macro_rules! twice {
    ($name:literal, $run:path, $shape:path, $kib:literal) => {
        Group {
            name: concat!("hostile: ", $name),
            measure: Measure::Ratio,
            cases: &[("once", || $run($shape, $kib)), ("twice as long", || $run($shape, 2 * $kib))],
        }
    };
}

/// Paths that are compared with each other.
pub struct Group {
    pub name: &'static str,
    pub measure: Measure,
    /// A name, and what runs it once under `measured`.
    pub cases: &'static [(&'static str, fn())],
}

/// What counts in a group. The gate holds it to what it was, give or take a tenth.
#[derive(Clone, Copy, PartialEq)]
pub enum Measure {
    /// How often the instructions of the first case.
    Ratio,
    /// As that, but the tolerance is absolute and small: a whole client costs ten times what the layer does.
    Whole,
    /// The instructions beyond those of the first case, as a share of what the events of quick-xml take for 322 bytes.
    Added,
}

pub const GROUPS: &[Group] = &[
    Group {
        name: "322 bytes",
        measure: Measure::Ratio,
        cases: &[
            ("quick-xml events", || events(SIX)),
            ("tower-oss", || ours(SIX)),
            ("tower-oss, kept", || ours_kept(SIX)),
            ("quick-xml serde", || serde(SIX)),
            ("floor", || floor(SIX)),
        ],
    },
    Group {
        name: "700 bytes",
        measure: Measure::Ratio,
        cases: &[
            ("quick-xml events", || events(ELEVEN)),
            ("tower-oss", || ours(ELEVEN)),
            ("tower-oss, kept", || ours_kept(ELEVEN)),
            ("quick-xml serde", || serde(ELEVEN)),
            ("floor", || floor(ELEVEN)),
        ],
    },
    Group {
        name: "message of 4 KiB",
        measure: Measure::Ratio,
        cases: &[
            ("quick-xml events", || events(&bodies::long_message())),
            ("tower-oss", || ours(&bodies::long_message())),
            ("tower-oss, kept", || ours_kept(&bodies::long_message())),
            ("quick-xml serde", || serde(&bodies::long_message())),
            ("floor", || floor(&bodies::long_message())),
        ],
    },
    Group {
        name: "page of 64 KiB",
        measure: Measure::Added,
        cases: &[
            ("copy", || repeat(bodies::page, |page| page.as_bytes().to_vec())),
            ("tower-oss", || ours_copied(bodies::page())),
        ],
    },
    Group {
        name: "404 through the layer",
        measure: Measure::Added,
        cases: &[
            ("GET 200, bare", || bare("GET")),
            ("in 1 frame", || framed(|| Full::<Bytes>::from(SIX))),
            ("in 16 frames", || framed(|| Frames::new(SIX, 16))),
        ],
    },
    Group {
        name: "GET 200",
        measure: Measure::Added,
        cases: &[
            ("bare", || bare("GET")),
            ("tower-oss", || layered(&OssErrorLayer::new(), "GET")),
            ("tower-oss with settings", || layered(&OssErrorLayer::new().body_limit(4096), "GET")),
            ("tower-http SetStatus", || layered(&SetStatusLayer::new(StatusCode::OK), "GET")),
            ("tower-http MapResponseBody", || layered(&MapResponseBodyLayer::new(|body| body), "GET")),
            ("tower Timeout", in_runtime),
        ],
    },
    Group {
        name: "HEAD 200",
        measure: Measure::Added,
        cases: &[("bare", || bare("HEAD")), ("tower-oss", || layered(&OssErrorLayer::new(), "HEAD"))],
    },
    Group {
        name: "PUT 200",
        measure: Measure::Added,
        cases: &[("bare", || bare("PUT")), ("tower-oss", || layered(&OssErrorLayer::new(), "PUT"))],
    },
    Group {
        name: "presigned PUT 200",
        measure: Measure::Added,
        cases: &[
            ("bare", || send_all(|once| once, success, "PUT", true)),
            ("tower-oss", || send_all(|once| OssErrorLayer::new().layer(once), success, "PUT", true)),
        ],
    },
    Group {
        name: "GET 200, retried if need be",
        measure: Measure::Added,
        cases: &[
            ("tower Retry, never again", || layered(&RetryLayer::new(NeverAgain), "GET")),
            ("tower Retry, RetryPolicy", || layered(&RetryLayer::new(RetryPolicy::new()), "GET")),
        ],
    },
    Group {
        name: "50 GETs, 200, below the rate",
        measure: Measure::Added,
        cases: &[
            ("bare", || sparse(|once| once)),
            ("tower-oss ThrottleLayer", || sparse(|once| ThrottleLayer::new().layer(once))),
        ],
    },
    Group {
        name: "64 calls over loopback, 200",
        measure: Measure::Whole,
        cases: &[
            ("hyper-util", || client::calls("/there", |client| client)),
            ("tower-oss", || client::calls("/there", |client| OssErrorLayer::new().layer(client))),
        ],
    },
    Group {
        name: "64 calls over loopback, 404",
        measure: Measure::Whole,
        cases: &[
            ("hyper-util", || client::calls("/missing", |client| client)),
            ("tower-oss", || client::calls("/missing", |client| OssErrorLayer::new().layer(client))),
        ],
    },
    twice!("deep nesting", hostile::body, hostile::DEEP, 128),
    twice!("attributes", hostile::body, hostile::ATTRIBUTES, 128),
    twice!("entities", hostile::body, hostile::ENTITIES, 128),
    twice!("tiny elements", hostile::body, hostile::ELEMENTS, 128),
    twice!("tiny elements that never end", hostile::body, hostile::FAST_ELEMENTS_THEN_NONE, 128),
    twice!("JSON, deep", hostile::body, hostile::JSON_DEEP, 128),
    twice!("JSON, array", hostile::body, hostile::JSON_ARRAY, 128),
    twice!("JSON, escapes", hostile::body, hostile::JSON_ESCAPES, 128),
    twice!("x-oss-err", hostile::header, hostile::ELEMENTS, 32),
    twice!("Display of queries", hostile::display, hostile::QUERY, 16),
    twice!("Display of secrets", hostile::display, hostile::SECRETS, 16),
    twice!("Display of blanks", hostile::display, hostile::BLANKS, 16),
];

pub fn run(group: &str, name: &str) {
    let group = GROUPS.iter().find(|known| known.name == group).expect("a group of this name");
    let case = group.cases.iter().find(|(known, _)| *known == name);
    case.expect("a case of this name").1();
}

/// Only what happens in here is counted. Its name is how callgrind knows it.
#[inline(never)]
pub fn measured(work: &mut dyn FnMut()) {
    work();
    black_box(()); // or the call above is the last thing in here, and becomes a jump out of it
}

/// Measures a piece of work, and the end of what comes of it.
pub fn repeat<I, O>(mut input: impl FnMut() -> I, mut work: impl FnMut(I) -> O) {
    for _ in 0..8 {
        drop(work(input())); // what is done once in the life of a program is not counted
    }
    let mut input = Some(input());
    measured(&mut || drop(black_box(input.take().map(&mut work))));
}

fn ours(body: &str) {
    repeat(|| bodies::not_found(body), contenders::ours);
}

/// Of a buffer that somebody else has, too.
fn ours_copied(body: String) {
    let body = Bytes::from(body);
    repeat(|| bodies::answer(StatusCode::NOT_FOUND, body.clone()), contenders::ours);
}

/// Without the end of the error, and of the answer in it.
fn ours_kept(body: &str) {
    let kept = Cell::new(None);
    let input = || {
        kept.take();
        bodies::not_found(body)
    };
    repeat(input, |answer| kept.set(Some(contenders::ours(answer))));
}

fn events(body: &str) {
    repeat(|| body, |body| contenders::events(body.as_bytes()));
}

fn serde(body: &str) {
    repeat(|| Bytes::from(body.to_owned()), contenders::serde);
}

fn floor(body: &str) {
    repeat(|| body, |body| contenders::floor(body.as_bytes()));
}

fn framed<B>(body: impl Fn() -> B)
where
    B: http_body::Body<Error = Infallible>,
{
    let answer = || bodies::answer(StatusCode::NOT_FOUND, body());
    send_all(|once| OssErrorLayer::new().layer(once), answer, "GET", false);
}

fn bare(method: &str) {
    send_all(|once| once, success, method, false);
}

fn layered<L>(layer: &L, method: &str)
where
    L: Layer<Once<Full<Bytes>>, Service: Service<Request<Empty<Bytes>>>>,
{
    send_all(|once| layer.layer(once), success, method, false);
}

/// Sends fifty requests, ten milliseconds apart: less than half of the first rate. Most find a turn that was set aside, some have
/// to look at the limiter.
fn sparse<S>(wrap: impl Fn(Once<Full<Bytes>>) -> S)
where
    S: Service<Request<Empty<Bytes>>>,
{
    let slot = Slot::default();
    let mut service = wrap(Once(slot.clone()));
    let answers = || (0..50).map(|_| (request("GET", false), Box::new(success()))).collect::<Vec<_>>();
    repeat(answers, |answers| {
        for (request, answer) in answers {
            thread::sleep(Duration::from_millis(10));
            slot.set(Some(answer));
            drop(send(&mut service, request));
        }
    });
}

fn success() -> Response<Full<Bytes>> {
    bodies::answer(StatusCode::OK, Full::from("content"))
}

fn send_all<S, B>(
    wrap: impl Fn(Once<B>) -> S,
    answer: impl Fn() -> Response<B>,
    method: &str,
    presigned: bool,
) where
    S: Service<Request<Empty<Bytes>>>,
{
    let slot = Slot::default();
    let mut service = wrap(Once(slot.clone()));
    let input = || {
        slot.set(Some(Box::new(answer())));
        request(method, presigned)
    };
    repeat(input, |request| send(&mut service, request));
}

fn in_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    layered(&TimeoutLayer::new(Duration::from_secs(30)), "GET");
}
