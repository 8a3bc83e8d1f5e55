//! Common documents of several lengths, compared with other parsers.

use std::cell::Cell;

use bytes::Bytes;
use http::StatusCode;

use crate::{
    measure::{Group, Measure, repeat},
    shared::{
        bodies::{self, ELEVEN, SIX},
        contenders,
    },
};

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
];

/// This crate: the error of a response whose body is complete.
pub fn ours(body: &str) {
    repeat(|| bodies::not_found(body), contenders::ours);
}

/// The same with a shared buffer.
fn ours_copied(body: String) {
    let body = Bytes::from(body);
    repeat(|| bodies::response(StatusCode::NOT_FOUND, body.clone()), contenders::ours);
}

/// Without the drop of the error, and of the response in it.
fn ours_kept(body: &str) {
    let kept = Cell::new(None);
    let input = || {
        kept.take();
        bodies::not_found(body)
    };
    repeat(input, |response| kept.set(Some(contenders::ours(response))));
}

pub fn events(body: &str) {
    repeat(|| body, |body| contenders::events(body.as_bytes()));
}

pub fn serde(body: &str) {
    repeat(|| Bytes::from(body.to_owned()), contenders::serde);
}

fn floor(body: &str) {
    repeat(|| body, |body| contenders::floor(body.as_bytes()));
}
