use bytes::Bytes;
use h2::Reason;

use crate::{
    fault::*,
    http1::FOR_EVER,
    http2::Step::{Data, End, GoAway, Head, Repeat, Reset, Stall},
};

pub(crate) fn over_http2() -> Vec<Fault> {
    let one = |name, steps, results| fault(name, Script::Http2(steps), results, 1, 1);
    let thrice = |name, steps, results| fault(name, Script::Http2(steps), results, 3, 1);
    let document = || Data(Bytes::from_static(DOCUMENT.as_bytes()));
    let part = || Data(Bytes::from_static(b"<html>part"));
    let large = |kib: usize| Bytes::from(vec![b'x'; kib << 10]);
    let bytes = || DOCUMENT.bytes().map(|byte| Data(Bytes::from(vec![byte])));
    vec![
        thrice("RST_STREAM(NO_ERROR) before the head", vec![Reset(Reason::NO_ERROR)], RESET),
        thrice("RST_STREAM(PROTOCOL_ERROR) before the head", vec![Reset(Reason::PROTOCOL_ERROR)], RESET),
        thrice("RST_STREAM(INTERNAL_ERROR) before the head", vec![Reset(Reason::INTERNAL_ERROR)], RESET),
        thrice(
            "RST_STREAM(FLOW_CONTROL_ERROR) before the head",
            vec![Reset(Reason::FLOW_CONTROL_ERROR)],
            RESET,
        ),
        thrice("RST_STREAM(STREAM_CLOSED) before the head", vec![Reset(Reason::STREAM_CLOSED)], RESET),
        thrice(
            "RST_STREAM(REFUSED_STREAM) before the head",
            vec![Reset(Reason::REFUSED_STREAM)],
            &["no response: unprocessed"],
        ),
        thrice("RST_STREAM(CANCEL) before the head", vec![Reset(Reason::CANCEL)], RESET),
        thrice(
            "RST_STREAM(ENHANCE_YOUR_CALM) before the head",
            vec![Reset(Reason::ENHANCE_YOUR_CALM)],
            RESET,
        ),
        thrice(
            "RST_STREAM(HTTP_1_1_REQUIRED) before the head",
            vec![Reset(Reason::HTTP_1_1_REQUIRED)],
            RESET,
        ),
        fault(
            "GOAWAY(NO_ERROR) before the head",
            Script::Http2(vec![GoAway(Reason::NO_ERROR), Stall]),
            CLOSED,
            3,
            3,
        ),
        fault(
            "GOAWAY(ENHANCE_YOUR_CALM) before the head",
            Script::Http2(vec![GoAway(Reason::ENHANCE_YOUR_CALM), Stall]),
            CLOSED,
            3,
            3,
        ),
        thrice("stall before the head", vec![Stall], TIMEOUT).short(),
        one(
            "an error document",
            vec![Head(404, Some(DOCUMENT.len())), document(), End],
            &["404 NoSuchKey, body Complete"],
        ),
        one(
            "an error document, a byte a frame",
            [Head(404, None)].into_iter().chain(bytes()).chain([End]).collect(),
            &["404 NoSuchKey, body Complete"],
        ),
        one(
            "20 empty frames before the document",
            vec![Head(404, None), Repeat(Bytes::new(), 20), document(), End],
            &["404 NoSuchKey, body Complete"],
        ),
        // h2 takes them for an attack, and ends the connection.
        one(
            "1000 empty frames before the document",
            vec![Head(404, None), Repeat(Bytes::new(), 1000), document(), End],
            &["404 NotFound, body Failed"],
        ),
        one(
            "RST_STREAM(CANCEL) inside an error body",
            vec![Head(404, Some(1000)), document(), Reset(Reason::CANCEL)],
            CUT,
        ),
        one(
            "RST_STREAM(NO_ERROR) behind a complete document",
            vec![Head(404, Some(1000)), document(), Reset(Reason::NO_ERROR)],
            &["404 NoSuchKey, body Complete"],
        ),
        one(
            "RST_STREAM(NO_ERROR) inside an error body",
            vec![Head(404, Some(5000)), part(), Reset(Reason::NO_ERROR)],
            &["404 NotFound, body Truncated"],
        ),
        one(
            "RST_STREAM(CANCEL) inside a success body",
            vec![Head(200, Some(1000)), part(), Reset(Reason::CANCEL)],
            RESET,
        ),
        one(
            "stall inside an error body",
            vec![Head(404, Some(1000)), part(), Stall],
            &["404 NotFound, body TimedOut"],
        )
        .short(),
        one(
            "stall behind a complete document",
            vec![Head(404, None), document(), Stall],
            &["404 NoSuchKey, body Complete"],
        )
        .short(),
        one(
            "an endless body",
            vec![Head(404, None), Repeat(large(16), FOR_EVER)],
            &["404 NotFound, body Truncated"],
        ),
        one(
            "a body of 100 MB",
            vec![Head(404, Some(100 << 20)), Repeat(large(1024), 100)],
            &["404 NotFound, body Truncated"],
        ),
        one(
            "an announced body of 1.5 MiB",
            vec![Head(404, Some(1536 << 10)), Repeat(large(16), 96), End],
            &["404 NotFound, body Truncated"],
        ),
    ]
}
