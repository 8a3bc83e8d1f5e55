use std::time::Duration;

use crate::{
    fault::*,
    http1::{FOR_EVER, Step::*, write},
};

pub(crate) fn over_http1() -> Vec<Fault> {
    let one = |name, steps, results| fault(name, Script::Http1(steps), results, 1, 1);
    let thrice = |name, steps, results| fault(name, Script::Http1(steps), results, 3, 3);
    let page = "<html><body>Bad gateway</body></html>";
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    vec![
        fault("connection refused", Script::Refused, &["no response: connect"], 0, 0),
        fault("unknown host", Script::UnknownHost, &["no response: connect"], 0, 0),
        thrice("reset before the head", vec![Reset], RESET),
        thrice(
            "reset inside the head",
            vec![write("HTTP/1.1 200 OK\r\ncont"), Reset],
            &["no response: reset", "no response: closed"],
        ),
        thrice("close before the head", vec![Close], CLOSED),
        thrice("close inside the head", vec![write("HTTP/1.1 200 OK\r\ncont"), Close], CLOSED),
        thrice("garbage for a head", vec![write("220 smtp ready\r\n\r\n"), Close], PROTOCOL),
        thrice("stall before the head", vec![Stall], TIMEOUT).short(),
        thrice("stall inside the head", vec![write("HTTP/1.1 200 OK\r\ncont"), Stall], TIMEOUT).short(),
        thrice(
            "a folded header",
            vec![write("HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n")],
            PROTOCOL,
        ),
        thrice(
            "a head of 1 MiB",
            vec![write(head("200 OK", &format!("a: {}\r\n", "b".repeat(1 << 20)))), Close],
            PROTOCOL,
        ),
        thrice("1000 headers", vec![write(head("200 OK", &"a: b\r\n".repeat(1000))), Close], PROTOCOL),
        one(
            "90 headers of 2 KiB",
            vec![write(head(
                "404 Not Found",
                &format!("{}content-length: 0\r\n", format!("a: {}\r\n", "b".repeat(2048)).repeat(90)),
            ))],
            &["404 NotFound, body Empty"],
        ),
        one(
            "100 and 103 before the head",
            vec![
                write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\n"),
                write(complete("404 Not Found", DOCUMENT)),
            ],
            &["404 NoSuchKey, body Complete"],
        ),
        one(
            "an error document",
            vec![write(complete("404 Not Found", DOCUMENT))],
            &["404 NoSuchKey, body Complete"],
        ),
        fault(
            "an error worth a retry",
            Script::Http1(vec![write(complete("503 Busy", BUSY))]),
            &["503 QpsLimitExceeded, body Complete"],
            3,
            1,
        ),
        fault(
            "a web page with 502",
            Script::Http1(vec![write(complete("502 Bad Gateway", page))]),
            &["502 BadGateway, body Complete"],
            3,
            1,
        ),
        fault(
            "an empty 503",
            Script::Http1(vec![write(complete("503 Busy", ""))]),
            &["503 ServiceUnavailable, body Empty"],
            3,
            1,
        ),
        one("a status of 799", vec![write(complete("799 Blocked", page))], &["799 Status799, body Complete"]),
        one(
            "a compressed body",
            vec![write(
                [head("403 Forbidden", "content-encoding: gzip\r\ncontent-length: 10\r\n").as_bytes(), gzip]
                    .concat(),
            )],
            &["403 Forbidden, body Complete"],
        ),
        one(
            "reset inside an error body",
            vec![write(with_length("404 Not Found", 1000) + DOCUMENT), Reset],
            CUT,
        ),
        one(
            "close inside an error body",
            vec![write(with_length("404 Not Found", 1000) + DOCUMENT), Close],
            CUT,
        ),
        thrice(
            "close inside the body of a 503",
            vec![write(with_length("503 Busy", 1000) + "<Error>"), Close],
            &["503 ServiceUnavailable, body Failed"],
        ),
        one("reset inside a success body", vec![write(with_length("200 OK", 1000) + "part"), Reset], RESET),
        one("close inside a success body", vec![write(with_length("200 OK", 1000) + "part"), Close], CLOSED),
        one(
            "stall inside an error body",
            vec![write(with_length("404 Not Found", 1000) + "<Error>"), Stall],
            &["404 NotFound, body TimedOut"],
        )
        .short(),
        thrice(
            "stall inside the body of a 503",
            vec![write(with_length("503 Busy", 1000) + "<Error>"), Stall],
            &["503 ServiceUnavailable, body TimedOut"],
        )
        .short(),
        one(
            "stall behind a complete document",
            vec![write(chunked("404 Not Found")), write(chunk(DOCUMENT)), Stall],
            &["404 NoSuchKey, body Complete"],
        )
        .short(),
        one(
            "a byte at a time",
            vec![write(chunked("404 Not Found")), Repeat(chunk("<"), FOR_EVER, Duration::from_millis(20))],
            &["404 NotFound, body TimedOut"],
        )
        .short(),
        one(
            "an endless body",
            vec![
                write(chunked("404 Not Found")),
                Repeat(chunk("x".repeat(16 << 10)), FOR_EVER, Duration::ZERO),
            ],
            &["404 NotFound, body Truncated"],
        ),
        one(
            "a body of 100 MB",
            vec![
                write(with_length("404 Not Found", 100_000_000)),
                Repeat(vec![b'x'; 100_000], 1000, Duration::ZERO),
            ],
            &["404 NotFound, body Truncated"],
        ),
        one(
            "content-length too large",
            vec![write(with_length("404 Not Found", DOCUMENT.len() + 1) + DOCUMENT), Close],
            CUT,
        ),
        one(
            "content-length too small",
            vec![write(with_length("404 Not Found", 30) + DOCUMENT), Close],
            &["404 NoSuchKey, body Truncated"],
        ),
        one(
            "broken chunks",
            vec![write(chunked("404 Not Found") + "ZZ\r\n" + DOCUMENT), Close],
            &["404 NotFound, body Failed"],
        ),
        one(
            "a body that ends with its connection",
            vec![write(head("404 Not Found", "")), write(DOCUMENT), Close],
            &["404 NoSuchKey, body Complete"],
        ),
    ]
}
