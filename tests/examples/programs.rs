//! The programs with their own server.

use crate::{run::Run, snapshot::assert_snapshot};

fn assert_narrow(page: &str) {
    for line in page.lines() {
        assert!(line.chars().count() <= 100 || line.contains(" error "), "longer than 100 columns: {line}");
    }
}

#[test]
fn quickstart_shows_what_comes_back_in_each_case() {
    let page = Run::new("quickstart").page();
    assert_narrow(&page);
    assert!(!page.contains("never shown"), "a secret is shown");
    assert_snapshot("quickstart.txt", &page);
}

/// The time of an attempt is compared only if the wait is not random.
#[test]
fn retry_shows_every_attempt_and_what_became_of_it() {
    let page = Run::new("retry").page();
    assert_narrow(&page);
    let time =
        |line: &str| line.trim_start().split_once(" ms  ").and_then(|(time, _)| time.parse::<u64>().ok());
    let without_times = page.lines().map(|line| match line.split_once(" ms  ") {
        Some((_, what)) if time(line).is_some() => format!("  {what}\n"),
        _ => format!("{line}\n"),
    });
    assert_snapshot("retry.txt", &without_times.collect::<String>());

    let mut throttled = page.lines().skip_while(|line| !line.starts_with("throttled"));
    let second = throttled.find(|line| line.contains("attempt 2")).unwrap();
    assert!(time(second).unwrap() >= 1500, "the wait is shorter than it says: {second}");
}

#[test]
fn client_does_every_operation_and_survives_faults() {
    let page = Run::new("client").page();
    assert_narrow(&page);
    assert_snapshot("client.txt", &page);
}

#[test]
fn client_uploads_a_named_file_and_says_what_is_wrong_with_it() {
    let page = Run::new("client").args(["Cargo.toml"]).page();
    assert!(page.contains(" bytes in 1 parts\n"), "{page}");
    let empty = Run::new("client").args(["tests/examples/empty"]).page();
    assert!(empty.contains("0 bytes in 1 parts\n"), "{empty}");
    let output = Run::new("client").args(["no such file.bin"]).output(b"");
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("cannot read \"no such file.bin\""), "{stderr}");
}

#[test]
fn client_says_which_credentials_are_missing() {
    let run = Run::new("client").env("OSS_ENDPOINT", "http://127.0.0.1:1").env("OSS_BUCKET", "b");
    let output = run.output(b"");
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("OSS_ACCESS_KEY_ID is not set"), "{stderr}");
}

#[test]
fn gateway_passes_errors_on_and_has_its_own_responses() {
    let page = Run::new("gateway").page();
    let host = page
        .lines()
        .find_map(|line| line.trim().strip_prefix("<HostId>127.0.0.1:")?.strip_suffix("</HostId>"));
    let page = page.replace(&format!("127.0.0.1:{}", host.unwrap()), "127.0.0.1:PORT");
    assert_snapshot("gateway.txt", &page);
}

#[test]
fn observe_shows_events_and_counters_side_by_side() {
    let page = Run::new("observe").page();
    // How far the throttle slows down is not the subject.
    let without_rate = page.split_inclusive(' ').map(|word| match word.split_once('=') {
        Some(("oss.throttle.rate", _)) => "oss.throttle.rate=RATE ",
        _ => word,
    });
    assert_snapshot("observe.txt", &without_rate.collect::<String>());
}

#[test]
fn reqwest_tells_a_timeout_from_a_missing_object() {
    assert_snapshot("reqwest.txt", &Run::new("reqwest").page());
}
