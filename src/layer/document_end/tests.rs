use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{error::Fields, parse};

/// Whether the scan finds an end after these parts of a text.
fn is_reached(parts: &[&[u8]]) -> bool {
    let mut end = DocumentEnd::default();
    parts.iter().for_each(|part| end.read(part));
    end.is_reached()
}

/// Whether the parser finds a complete document.
fn is_closed(text: &[u8]) -> bool {
    parse::body(text.to_vec(), &mut Fields::default()).closed
}

#[test]
fn the_end_of_a_well_formed_document_is_found() {
    for document in [
        "<Error></Error>",
        "<Error/>",
        "<Error a='>' b=\"/>\"/>",
        " \u{feff}<?xml version='1.0'?>\u{feff}<Error><Code>A</Code></Error>",
        "<?xml version='1.0'><Error></Error>",
        "<?pi > ?><!-- <Error> > --><!DOCTYPE Error [<!ENTITY a 'b'>]><Error></Error>",
        "<Error><!-- </Error> ---><a><![CDATA[</Error>]]]></a></Error>",
        "<Error><![cdata[</Error>]]></Error>",
        "<Error><Error></Error><a><Error><Error/></Error></a></Error>",
        "<a:Error><Error></Error></b:Error >",
        "<Error><a b='</Error>'/><Errors></Errors><Erro></Erro></Error>",
        "<Error>a < b <= c <5 <a <b></b></Error>",
        "<Error><a>\u{5b57}</a><\u{5b57}></\u{5b57}></Error>",
        "<Error></ Error>",
        "{}",
        r#" {"Error":{"Code":"}","a":"\"}","b":"\\"},"c":[{},{"d":1}]}"#,
        "{/* } */ // }\n \"a/b\": 1 /**/}",
    ] {
        let text = document.as_bytes();
        assert!(is_reached(&[text]), "{document}");
        for cut in 0..text.len() {
            assert!(!is_reached(&[&text[..cut]]), "{document} at {cut}");
            assert!(is_reached(&[&text[..cut], &text[cut..]]), "{document} at {cut}");
        }
        let bytes: Vec<_> = text.chunks(1).collect();
        assert!(is_reached(&bytes), "{document}");
        assert!(is_reached(&[text, b" <!-- behind it"]), "{document}");
    }
}

#[test]
fn a_tag_of_another_name_ends_the_document_only_if_it_is_the_last() {
    assert!(is_reached(&[b"<Error><Code>A</Code></error> \n"]));
    assert!(!is_reached(&[b"<Error><Code>A</Code></error>", b"<"]));
    assert!(!is_reached(&[b"<Error><Code>A</Code></error>", b"x"]));
    assert!(!is_reached(&[b"<Error><Code>A</error>"]));
}

#[test]
fn no_other_text_has_an_end() {
    for text in
        ["", " ", "<html></html>", "</Error>", "</a><Error></Error>", "x<Error/>", "[]", "a{}", "<5/>"]
    {
        assert!(!is_reached(&[text.as_bytes()]), "{text}");
    }
}

/// Samples whose last tag matches no open element, after elements that were never closed.
const MISSED: [&str; 2] = ["mismatched-end-tags", "stray-and-missing-end-tags"];

#[test]
fn the_scan_agrees_with_the_parser_on_every_sample_cut_anywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut cases = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read(&path).unwrap();
        let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let body = &text[head + 4..];
        let mut end = DocumentEnd::default();
        for (at, byte) in body.chunks(1).enumerate() {
            end.read(byte);
            cases += 1;
            let so_far = &body[..=at];
            let is_json = || serde_json::from_slice::<serde_json::Value>(so_far).is_ok();
            match (end.is_reached(), is_closed(so_far)) {
                // A complete object, but not from OSS.
                (true, false) => assert!(is_json(), "{} at {at}", path.display()),
                (false, true) => {
                    let name = path.file_stem().unwrap().to_str().unwrap();
                    assert!(MISSED.contains(&name), "{name} at {at}");
                }
                _ => {}
            }
        }
    }
    assert!(cases > 30_000, "{cases} cases");
}

/// Pieces of documents, and of texts that look like them.
const PIECES: &[&str] = &[
    "<Error>",
    "</Error>",
    "<Error/>",
    "<a>",
    "</a>",
    "<b c='>'>",
    "</b>",
    "<Code>A</Code>",
    "<!-- </Error> -->",
    "<![CDATA[</Error>]]>",
    "<?pi </Error> ?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "text",
    " ",
    "&lt;",
    "<",
    ">",
    "'",
    "\u{feff}",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\"a\":",
    ",",
    "//",
    "/*",
    "*/",
    "\n",
];

proptest! {
    #[test]
    fn it_does_not_matter_how_a_text_is_cut(pieces in vec(select(PIECES), 0..12), cut: prop::sample::Index) {
        let text = pieces.concat();
        let cut = cut.index(text.len() + 1);
        let (one, two) = text.as_bytes().split_at(cut);
        prop_assert_eq!(is_reached(&[one, two]), is_reached(&[text.as_bytes()]), "{} at {}", text, cut);
    }
}
