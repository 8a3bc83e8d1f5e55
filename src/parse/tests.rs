use std::{fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use super::*;
use crate::error::Basic;

/// The result of reading, one line per element.
fn said(text: &[u8]) -> (Vec<String>, bool) {
    let mut fields = Fields::default();
    let parsed = body(text.to_vec(), &mut fields);
    let basic = Basic::ALL.iter().filter_map(|(basic, name)| Some((*name, fields.get(*basic)?)));
    let lines = basic.chain(fields.others()).map(|(name, value)| format!("{name}={value}")).collect();
    (lines, parsed.closed)
}

#[test]
fn what_is_not_utf8_is_replaced_without_growing_much() {
    assert_eq!(lossy(b"a\xffb\xe4\xbd\xff\xff"), String::from_utf8_lossy(b"a\xffb\xe4\xbd\xff\xff"));
    for length in [0, 1, 16 * 1024, 64 * 1024, 1024 * 1024] {
        let body =
            [&b"<Error><Message>"[..], &vec![0xff; length], b"</Message><Code>A</Code></Error>"].concat();
        let text = lossy(&body);
        assert!(text.capacity() <= body.len() + MAX_GROWTH + 2 && text.len() <= text.capacity());
        let mut fields = Fields::default();
        super::body(body, &mut fields);
        assert_eq!(fields.get(Basic::Code), Some("A"));
    }
}

#[test]
fn a_code_after_more_elements_than_are_kept_is_read() {
    let xml = format!("<Error>{}<Code>A</Code></Error>", "<a>&lt;</a>".repeat(1000));
    let json = format!("{{\"Error\":{{\"a\":[{}1],\"Code\":\"A\"}}}}", "1,".repeat(1000));
    for text in [xml, json] {
        let mut fields = Fields::default();
        assert!(body(text.into_bytes(), &mut fields).closed);
        assert_eq!(fields.get(Basic::Code), Some("A"));
        assert_eq!(fields.others().count(), 256);
    }
}

/// An element, and choices of how to write it.
#[derive(Clone, Debug)]
struct Child {
    name: &'static str,
    value: String,
    nested: bool,
    choices: Vec<u8>,
}

fn element() -> impl Strategy<Value = Child> {
    let name =
        select(&["Code", "Message", "EC", "Key", "StringToSign", "Content-MD5", "N\u{e9}", "_a.b1"][..]);
    let value = "[ \n\ta-zA-Z0-9.=?<>&;#\u{e9}\u{4e2d}\"'\\]-]{0,30}";
    (name, value, any::<bool>(), vec(any::<u8>(), 1..8)).prop_map(|(name, value, nested, choices)| Child {
        name,
        value,
        nested,
        choices,
    })
}

impl Child {
    fn choice(&self, at: usize) -> u8 {
        self.choices[at % self.choices.len()]
    }

    /// Writes the element in one of several forms.
    fn write(&self) -> String {
        let name = if self.choice(0) % 8 == 7 { format!("a:{}", self.name) } else { self.name.to_owned() };
        let attributes =
            ["", "", "", "", " a=\"/>\"", " b='<' c=\"\"", "\r\n", " "][usize::from(self.choice(1) % 8)];
        let blank = if self.choice(2) % 4 == 3 { " " } else { "" };
        if self.value.is_empty() && self.choice(3) % 2 == 1 {
            return format!("<{name}{attributes}/>");
        }
        let value: String = self.value.chars().enumerate().map(|(i, c)| self.write_char(i, c)).collect();
        format!("<{name}{attributes}>{value}</{name}{blank}>")
    }

    fn write_char(&self, i: usize, c: char) -> String {
        match (self.choice(i + 4) % 12, c) {
            (0, _) => format!("&#{};", u32::from(c)),
            (1, _) => format!("&#x{:x};", u32::from(c)),
            (2, _) => format!("<![CDATA[{c}]]>"),
            (3, _) => format!("<!-- <a> & -->&#{};", u32::from(c)),
            (4, '\n') => "\r\n".to_owned(),
            (5, '\n') => "\r<?a?>".to_owned(),
            (6, '>') => "&gt;".to_owned(),
            (7, '"') => "&quot;".to_owned(),
            (7, '\'') => "&apos;".to_owned(),
            (_, '<') => "&lt;".to_owned(),
            (_, '&') => "&amp;".to_owned(),
            _ => c.to_string(),
        }
    }
}

/// The expected lines of the elements.
fn meant(elements: &[Child]) -> Vec<String> {
    let value = |element: &Child| match element.name {
        "StringToSign" => element.value.clone(),
        _ => element.value.trim_matches([' ', '\t', '\r', '\n']).to_owned(),
    };
    let basic = Basic::ALL.iter().filter_map(|(_, name)| {
        let all = || elements.iter().filter(|element| !element.nested && element.name == *name).map(value);
        Some(format!("{name}={}", all().find(|value| !value.is_empty()).or_else(|| all().next())?))
    });
    let others = elements.iter().filter_map(|element| match Basic::of_element(element.name.as_bytes()) {
        _ if element.nested => Some(format!("Detail/{}={}", element.name, value(element))),
        Some(_) => None,
        None => Some(format!("{}={}", element.name, value(element))),
    });
    basic.chain(others).collect()
}

fn document(elements: &[Child]) -> String {
    let inside = |element: &Child| match element.nested {
        true => format!("\n  <Detail>\n    {}</Detail>", element.write()),
        false => format!("\n  {}", element.write()),
    };
    format!("<?xml version=\"1.0\"?>\n<Error>{}\n</Error>\n", elements.iter().map(inside).collect::<String>())
}

/// Pieces of documents, valid and broken ones.
const PIECES: [&str; 47] = [
    "<Error>",
    "</Error>",
    "<Error ",
    "<Error xmlns=\"a\">",
    "<Code>",
    "</Code>",
    "<Message>",
    "</Message>",
    "<EC>",
    "</EC>",
    "<StringToSign>",
    "</StringToSign>",
    "<Key>",
    "</Key>",
    "<a:b>",
    "</a:b>",
    "<[>",
    "</[>",
    "<_\u{e9}>",
    "</_\u{e9}>",
    "<a/>",
    "<",
    ">",
    "/",
    "/>",
    "</",
    "'",
    "\"",
    "=",
    "&",
    "&lt;",
    "&#1;",
    ";",
    "\r",
    "\n",
    " ",
    "\u{c}",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?xml version=\"1.0\"?>",
    "<!DOCTYPE",
    "?>",
    "\u{feff}",
    "A",
    "\u{e9}",
];

/// A change: at a position, some bytes are replaced by a piece.
fn changes() -> impl Strategy<Value = Vec<(Index, usize, &'static str)>> {
    vec((any::<Index>(), 0..4_usize, select(&PIECES[..])), 1..4)
}

/// The bodies of all samples, where they are: the published package has none.
fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let responses = files.filter(|path| path.extension().is_some_and(|extension| extension == "http"));
    responses
        .map(|path| {
            let response = fs::read(path).unwrap();
            let head = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            response[head + 4..].to_vec()
        })
        .collect()
}

/// Reads any text. Every value must be a part of the text.
fn survives(text: &[u8]) {
    let mut fields = Fields::default();
    let parsed = body(text.to_vec(), &mut fields);
    let raw = parsed.body.as_deref().unwrap_or(fields.source().as_bytes());
    assert_eq!(raw, text);
    assert!(fields.others().all(|(name, _)| name.len() <= 2 * crate::error::MAX_NAME));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_element_says_the_same_however_it_is_written(elements in vec(element(), 0..12)) {
        let text = document(&elements);
        prop_assert_eq!(said(text.as_bytes()), (meant(&elements), true), "{}", text);
    }

    #[test]
    fn all_elements_before_a_cut_are_kept(elements in vec(element(), 0..8), end in any::<Index>()) {
        let text = document(&elements);
        let end = end.index(text.len());
        let mut whole = Vec::new();
        for kept in 0..=elements.len() {
            let start = document(&elements[..kept]);
            if end >= start.len() - "\n</Error>\n".len() {
                whole = meant(&elements[..kept]);
            }
        }
        let (said, closed) = said(&text.as_bytes()[..end]);
        let more = said.iter().filter(|line| !whole.contains(line)).count();
        prop_assert!(whole.iter().all(|line| said.contains(line)) && more <= 1, "{said:?} {whole:?}");
        prop_assert_eq!(closed, text.as_bytes()[..end].trim_ascii_end().ends_with(b"</Error>"));
    }

    #[test]
    fn no_text_is_too_broken_to_be_read(pieces in vec(select(&PIECES[..]), 0..24)) {
        survives(pieces.concat().as_bytes());
        survives(format!("<Error>{}</Error>", pieces.concat()).as_bytes());
    }

    #[test]
    fn a_changed_sample_is_read(sample in any::<Index>(), changes in changes()) {
        let samples = SAMPLES.get_or_init(samples);
        if !samples.is_empty() {
            let mut text = samples[sample.index(samples.len())].clone();
            for (at, out, piece) in changes {
                let at = at.index(text.len() + 1);
                text.splice(at..(at + out).min(text.len()), piece.bytes());
            }
            survives(&text);
        }
    }
}

static SAMPLES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
