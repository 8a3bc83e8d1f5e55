#[cfg(tower_oss_loom)]
mod interleavings {
    use loom::thread;

    use crate::clock::*;

    #[test]
    fn one_of_two_concurrent_updates_wins_unmixed() {
        loom::model(|| {
            let clock = ClockOffset::new();
            let local = SystemTime::UNIX_EPOCH + 2 * EARLIEST;
            let threads = [60, 3600].map(|ahead| {
                let clock = clock.clone();
                thread::spawn(move || clock.learn(local + Duration::from_secs(ahead), local))
            });
            let early = clock.millis();
            for thread in threads {
                assert!(thread.join().unwrap());
            }
            assert!([0, 60_000, 3_600_000].contains(&early));
            assert!([60_000, 3_600_000].contains(&clock.millis()));
        });
    }
}

#[cfg(not(tower_oss_loom))]
mod offsets {
    use bytes::Bytes;
    use http::Response;

    use crate::clock::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    /// The result of learning at noon, local time, from a response with this body and these
    /// headers.
    fn learned(clock: &ClockOffset, body: &str, headers: &[(&'static str, &str)]) -> i64 {
        let answer = headers
            .iter()
            .fold(Response::builder().status(403), |answer, (name, value)| answer.header(*name, *value));
        let error = OssError::from_response(answer.body(Bytes::copy_from_slice(body.as_bytes())).unwrap());
        clock.learn_at(&error, at("2026-11-22T12:00:00Z"));
        clock.millis()
    }

    fn skewed(server_time: &str) -> String {
        format!("<Error><Code>RequestTimeTooSkewed</Code><ServerTime>{server_time}</ServerTime></Error>")
    }

    const ONE_OCLOCK: (&str, &str) = ("date", "Sun, 22 Nov 2026 13:00:00 GMT");
    const NOON: (&str, &str) = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");

    #[test]
    fn the_server_time_in_the_body_comes_before_the_date() {
        let body = skewed("2026-11-22T10:00:00.500Z");
        assert_eq!(learned(&ClockOffset::new(), &body, &[ONE_OCLOCK]), -2 * HOUR + 500);
        let nested = "<Error><Code>RequestTimeTooSkewed</Code><Detail><ServerTime>2026-11-22T13:00:00Z</ServerTime></Detail></Error>";
        assert_eq!(learned(&ClockOffset::new(), nested, &[]), HOUR);
    }

    #[test]
    fn an_implausible_server_time_is_replaced_by_the_date() {
        for nonsense in [
            "",
            "soon",
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000Z",
            "2019-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(learned(&ClockOffset::new(), &skewed(nonsense), &[ONE_OCLOCK]), HOUR, "{nonsense}");
            assert_eq!(
                learned(&ClockOffset::new(), &skewed(nonsense), &[ONE_OCLOCK, ("age", "3600")]),
                0,
                "{nonsense}"
            );
            assert_eq!(learned(&ClockOffset::new(), &skewed(nonsense), &[]), 0, "{nonsense}");
        }
        assert_eq!(
            learned(&ClockOffset::new(), &skewed(""), &[("date", "Thu, 01 Jan 1970 00:00:00 GMT")]),
            0
        );
    }

    #[test]
    fn the_bound_is_a_setting_and_the_offset_returns_to_zero() {
        let far = skewed("2026-11-24T13:00:00Z");
        assert_eq!(learned(&ClockOffset::new(), &far, &[]), 0);
        let a_day = skewed("2026-11-23T12:00:02Z");
        assert_eq!(learned(&ClockOffset::new(), &a_day, &[]), 24 * HOUR + 2000, "a date of yesterday");
        let a_day_and_a_zone = skewed("2026-11-20T22:00:00Z");
        assert_eq!(learned(&ClockOffset::new(), &a_day_and_a_zone, &[]), -38 * HOUR);
        let clock = ClockOffset::bounded(Duration::MAX);
        assert_eq!(learned(&clock, &far, &[]), 49 * HOUR);
        assert_eq!(learned(&clock, &skewed("2026-11-22T12:00:00Z"), &[]), 0);
    }

    #[test]
    fn an_invalid_argument_counts_only_with_a_date_far_off() {
        let body = "<Error><Code>InvalidArgument</Code></Error>";
        assert_eq!(learned(&ClockOffset::new(), body, &[ONE_OCLOCK]), HOUR);
        assert_eq!(learned(&ClockOffset::new(), body, &[ONE_OCLOCK, ("age", "1")]), 0);
        assert_eq!(learned(&ClockOffset::new(), body, &[("date", "Sun, 22 Nov 2026 12:14:59 GMT")]), 0);
        let corrected = ClockOffset::new();
        assert!(corrected.learn(at("2026-11-22T13:00:00Z"), at("2026-11-22T12:00:00Z")));
        assert_eq!(learned(&corrected, body, &[ONE_OCLOCK]), HOUR, "right as it is");
        assert_eq!(learned(&corrected, body, &[NOON]), 0);
        assert_eq!(
            learned(&ClockOffset::new(), "<Error><Code>AccessDenied</Code></Error>", &[ONE_OCLOCK]),
            0
        );
    }

    #[test]
    fn times_move_by_the_offset_within_what_a_clock_can_represent() {
        let clock = ClockOffset::bounded(Duration::MAX);
        let noon = at("2026-11-22T12:00:00Z");
        assert!(clock.learn(at("2026-11-22T11:00:00Z"), noon));
        assert_eq!(clock.apply(noon), at("2026-11-22T11:00:00Z"));
        for ahead in [i64::MIN, i64::MIN + 1, -LATEST_MILLIS, LATEST_MILLIS, i64::MAX] {
            clock.0.ahead.store(ahead, Relaxed);
            for local in [SystemTime::UNIX_EPOCH, noon, at("9999-12-31T23:59:59Z")] {
                let _ = httpdate::fmt_http_date(clock.apply(local)); // panics beyond 9999
            }
        }
    }

    const LATEST_MILLIS: i64 = 253_402_300_799_000;

    #[test]
    fn a_server_of_9999_gives_dates_that_can_be_written() {
        let clock = ClockOffset::bounded(Duration::MAX);
        assert!(clock.learn(at("9999-12-31T23:59:59Z"), at("2026-11-22T12:00:00Z")));
        let later = clock.apply(at("2026-11-22T13:00:00Z"));
        assert_eq!(httpdate::fmt_http_date(later), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn an_error_says_when_the_bound_was_the_reason() {
        for (server_time, headers, beyond) in [
            ("2026-11-26T12:00:00Z", &[][..], true),
            ("2026-11-22T13:00:00Z", &[], false),
            ("soon", &[("date", "Sun, 29 Nov 2026 13:00:00 GMT")], true),
            ("2026-11-26T12:00:00Z", &[ONE_OCLOCK], false),
            ("2019-01-01T00:00:00Z", &[], false),
        ] {
            let response = headers.iter().fold(Response::builder().status(403), |response, (name, value)| {
                response.header(*name, *value)
            });
            let error = OssError::from_response(response.body(Bytes::from(skewed(server_time))).unwrap());
            let learned = ClockOffset::new().learn_at(&error, at("2026-11-22T12:00:00Z"));
            assert_eq!(learned == Learned::BeyondBound, beyond, "{server_time} {headers:?}");
        }
    }

    #[test]
    fn the_explanation_names_the_bound() {
        let response =
            Response::builder().status(403).body(Bytes::from(skewed("9999-01-01T00:00:00Z"))).unwrap();
        let error = OssError::from_response(response);
        ClockOffset::new().learn_from(&error);
        assert!(error.explain().cause().is_some_and(|cause| cause.contains("bound of ClockOffset")));
    }
}
