//! The table, and its calls.

use std::{
    fmt::Write,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use allocation_counter::measure;
use bytes::Bytes;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tower_oss::{Error, FindOssError};

use crate::{
    fault::{BUSY, DOCUMENT, Fault, Script, complete},
    http1::{self, Step::*, write},
    http2::{self, Step as Frames},
    outcome::{Counts, start, tell},
    over_http1::over_http1,
    over_http2::over_http2,
    over_tls::{over_tls, reject},
    stacks::{Patience, call, orders, over_rustls, stacks},
};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Starts the server of a fault. Returns the URL to request.
fn serve(script: &Script) -> (String, Arc<Counts>) {
    let (address, counts) = match script {
        Script::Http1(steps) => {
            let steps = steps.clone();
            let reply: http1::Reply = Arc::new(move |_| steps.clone());
            start(move |stream, counts| http1::serve(stream, counts, Arc::clone(&reply)))
        }
        Script::Http2(steps) => {
            let steps = steps.clone();
            let reply: http2::Reply = Arc::new(move |_| steps.clone());
            start(move |stream, counts| http2::serve(stream, counts, Arc::clone(&reply)))
        }
        &Script::Tls(bytes) => {
            let (address, counts) = start(move |stream, _| http1::hang_up(stream, bytes));
            return (format!("https://{address}/k"), counts);
        }
        Script::Untrusted => {
            let (address, counts) = start(|stream, _| reject(stream));
            return (format!("https://{address}/k"), counts);
        }
        Script::Refused => (refusing(), Arc::default()),
        // A reserved name that no resolver knows (RFC 6761, section 6.4).
        Script::UnknownHost => return ("http://bucket.invalid/k".to_owned(), Arc::default()),
    };
    (format!("http://{address}/k"), counts)
}

fn refusing() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Makes one call with each client, and adds its line to the table.
fn check(fault: &Fault, version: &str, table: &mut String) -> Vec<String> {
    let mut wrong = Vec::new();
    let stacks = match version {
        "TLS" => Vec::from(over_rustls()),
        version => stacks(version, fault.patience).into(),
    };
    for (client, stack) in stacks {
        let (url, counts) = serve(&fault.script);
        let runtime = runtime();
        let mut result = None;
        let heap = measure(|| {
            let called =
                runtime.block_on(async { timeout(fault.patience.limit(), call(&stack, &url)).await });
            result = Some(tell(&called.expect("the call never ends")));
        });
        let (result, requests, connections) = (result.unwrap(), counts.requests(), counts.connections());
        let is_right = fault.results.contains(&&*result)
            && requests == fault.requests
            && (connections > 0 || fault.connections == 0)
            && connections <= fault.connections
            && heap.bytes_max < most_heap(version);
        if !is_right {
            wrong.push(format!(
                "{} over {client}, {version}: {result}; {requests} requests, {connections} connections, {} KiB",
                fault.name,
                heap.bytes_max / 1024
            ));
        }
    }
    let results = fault.results.join("; or ");
    writeln!(table, "| {} | {} | {} | {} |", fault.name, results, fault.requests, fault.connections).unwrap();
    wrong
}

/// The windows of HTTP/2 let a server send 2 MiB before the client reads.
fn most_heap(version: &str) -> u64 {
    if version == "HTTP/2" { 8 << 20 } else { 3 << 20 }
}

#[test]
fn every_fault_ends_in_the_result_that_the_table_says() {
    let mut table = String::new();
    let mut wrong = Vec::new();
    for (version, faults) in [("HTTP/1.1", over_http1()), ("HTTP/2", over_http2()), ("TLS", over_tls())] {
        writeln!(table, "\n## {version}\n\n| the server | the call | requests | connections, at most |")
            .unwrap();
        table.push_str("|---|---|---|---|\n");
        for fault in faults {
            wrong.extend(check(&fault, version, &mut table));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let page = fs::read_to_string(&file).unwrap();
    let (introduction, kept) = page.split_at(page.find("\n## HTTP/1.1").unwrap());
    if std::env::var_os("WRITE").is_some() {
        fs::write(file, introduction.to_owned() + &table).unwrap();
    } else {
        assert_eq!(kept, table, "WRITE=1 writes it anew");
    }
}

#[test]
fn every_order_of_layers_gives_the_same_results() {
    let faults = [
        ("refused", Script::Refused, "no response: connect", 0),
        ("reset", Script::Http1(vec![Reset]), "no response: reset", 3),
        ("stall", Script::Http1(vec![Stall]), "no response: timeout", 3),
        (
            "busy",
            Script::Http1(vec![write(complete("503 Busy", BUSY))]),
            "503 QpsLimitExceeded, body Complete",
            3,
        ),
        (
            "missing",
            Script::Http1(vec![write(complete("404 No", DOCUMENT))]),
            "404 NoSuchKey, body Complete",
            1,
        ),
        ("success", Script::Http1(vec![write(complete("200 OK", "content"))]), "200, 7 bytes", 1),
    ];
    for (name, script, expected, requests) in faults {
        runtime().block_on(async {
            for (order, stack) in orders() {
                let (url, counts) = serve(&script);
                let result =
                    timeout(Patience::Usual.limit(), call(&stack, &url)).await.expect("the call never ends");
                let result = tell(&result.map_err(Error::from));
                assert_eq!(result, expected, "{name} below {order}");
                assert_eq!(counts.requests(), requests, "{name} below {order}");
            }
        });
    }
}

#[test]
fn a_hundred_errors_at_once_on_one_connection_are_a_hundred_errors() {
    let steps =
        vec![Frames::Head(404, None), Frames::Data(Bytes::from_static(DOCUMENT.as_bytes())), Frames::End];
    for (client, stack) in stacks("HTTP/2", Patience::Usual) {
        let (url, counts) = serve(&Script::Http2(steps.clone()));
        runtime().block_on(async {
            call(&stack, &url).await.unwrap_err(); // the connection
            let calls = (0..100).map(|_| call(&stack, &url));
            for result in futures_util::future::join_all(calls).await {
                let error = result.unwrap_err();
                assert_eq!(*error.oss_error().unwrap().code(), "NoSuchKey", "{client}");
            }
        });
        assert_eq!((counts.requests(), counts.connections()), (101, 1), "{client}");
    }
}

#[test]
fn over_http2_an_announced_body_is_drained_and_a_longer_one_reset() {
    let body = |announced: Option<usize>, kib: usize| {
        let data = Frames::Repeat(Bytes::from(vec![b'x'; 16 << 10]), kib / 16);
        vec![Frames::Head(404, announced.map(|kib| kib << 10)), data, Frames::End]
    };
    for (steps, resets) in [
        (body(Some(1536), 1536), 0),
        (body(Some(2048), 2048), 0),
        (body(None, 1024), 0),
        (body(Some(4096), 4096), 20),
        (body(None, 4096), 20),
    ] {
        for (client, stack) in stacks("HTTP/2", Patience::Usual) {
            let (url, counts) = serve(&Script::Http2(steps.clone()));
            runtime().block_on(async {
                for _ in 0..20 {
                    call(&stack, &url).await.unwrap_err();
                }
                tokio::time::sleep(Duration::from_millis(200)).await; // the last reset may still be in flight
            });
            assert_eq!((counts.resets(), counts.connections()), (resets, 1), "{client}");
        }
    }
}
