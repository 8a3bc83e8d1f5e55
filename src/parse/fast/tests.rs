use std::{fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use super::super::{Parsed, body, general};
use crate::error::{Basic, Fields};

/// Whether the fast path reads a document.
fn is_read(text: &str) -> bool {
    super::start(text.as_bytes())
        .is_some_and(|start| super::read(text.as_bytes(), start, &mut Fields::default()).is_some())
}

/// All that a reading says, in a form that can be compared.
fn said(read: fn(Vec<u8>, &mut Fields) -> Parsed, text: &[u8]) -> String {
    let mut fields = Fields::default();
    let parsed = read(text.to_vec(), &mut fields);
    let basic = Basic::ALL.map(|(basic, _)| fields.get(basic));
    let others: Vec<_> = fields.others().collect();
    let raw = parsed.body.as_deref().unwrap_or(fields.source().as_bytes());
    format!("{basic:?} {others:?} {:?} {} {raw:?}", parsed.kind, parsed.closed)
}

/// Both paths say the same; says whether the fast one had a part in it.
fn agree(text: &[u8]) -> bool {
    assert_eq!(said(body, text), said(general, text), "{:?}", String::from_utf8_lossy(text));
    std::str::from_utf8(text).is_ok_and(is_read)
}

#[test]
fn documents_of_the_common_shape_are_read() {
    for text in [
        "<Error></Error>",
        "<Error><Code>A</Code></Error>",
        "\u{feff}\n<?xml version='1.0'?>\r\n<Error>\t<Code> A </Code>\r\n<X></X>\n</Error>\n",
        "<?xml version=\"1.0\"?><Error xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\"><Code>A</Code></Error> rest",
        "<Error >between<Code>\u{e9} > ]]></Code>&amp;</Error>",
        "<Error><Code>A</Code><Code>B</Code><StringToSign> GET\n\n </StringToSign></Error>",
    ] {
        assert!(agree(text.as_bytes()), "{text}");
    }
}

#[test]
fn anything_else_is_left_to_the_general_path() {
    for text in [
        "",
        "<Error",
        "<Error/>",
        "<Error /></Error>",
        "<Error a='>'><Code>A</Code></Error>",
        "<Error a=\">\"><Code>A</Code></Error>",
        "<a:Error><Code>A</Code></a:Error>",
        "<!-- --><Error><Code>A</Code></Error>",
        "<Errors><Code>A</Code></Errors>",
        "<?xml ?><?xml><Error><Code>A</Code></Error>",
        "<Error><Code>A</Code>",
        "<Error><Code>A</Co></Error>",
        "<Error><Code>A</Code ></Error>",
        "<Error><Code a=''>A</Code></Error>",
        "<Error><Code>A&lt;</Code></Error>",
        "<Error><Code>A\r\nB</Code></Error>",
        "<Error><Code><![CDATA[A]]></Code></Error>",
        "<Error><!-- --><Code>A</Code></Error>",
        "<Error><a:Code>A</a:Code></Error>",
        "<Error><Detail><X>A</X></Detail></Error>",
        "<Error><Code/></Error>",
        "<Error><>A</></Error>",
        "<Error><[>A</[></Error>",
        "<Error><~a>A</~a></Error>",
        "{\"Code\":\"A\"}",
    ] {
        assert!(!agree(text.as_bytes()), "{text}");
    }
    assert!(!agree(b"<Error><Code>\xff</Code></Error>"));
    assert!(!agree(format!("<Error><{0}>A</{0}></Error>", "n".repeat(257)).as_bytes()));
}

/// Pieces of which documents are made, sound and broken ones.
const PIECES: [&str; 46] = [
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
    "?>",
    "\u{feff}",
    "A",
    "\u{e9}",
];

/// A document of the common shape, or nearly.
fn document() -> impl Strategy<Value = String> {
    let name =
        select(&["Code", "Message", "RequestId", "EC", "Key", "StringToSign", "Content-MD5", "N\u{e9}"][..]);
    let text = "[ \n\ta-zA-Z0-9.=?>\u{e9}\"'-]{0,40}";
    let children = vec((name, text, "[ \n]{0,3}"), 0..12);
    let start = select(&["", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "\n\u{feff}<?xml ?>", " "][..]);
    (start, children).prop_map(|(start, children)| {
        let children: String =
            children.iter().map(|(name, text, blanks)| format!("<{name}>{text}</{name}>{blanks}")).collect();
        format!("{start}<Error>{children}</Error>")
    })
}

/// A change: at a place, some bytes out, a piece in.
fn changes() -> impl Strategy<Value = Vec<(Index, usize, &'static str)>> {
    vec((any::<Index>(), 0..4_usize, select(&PIECES[..])), 0..4)
}

fn changed(text: &[u8], changes: &[(Index, usize, &str)]) -> Vec<u8> {
    changes.iter().fold(text.to_vec(), |mut text, (at, out, piece)| {
        let at = at.index(text.len() + 1);
        text.splice(at..(at + out).min(text.len()), piece.bytes());
        text
    })
}

/// The bodies of all samples, where they are: the published package has none.
fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let answers = files.filter(|path| path.extension().is_some_and(|extension| extension == "http"));
    answers
        .map(|path| {
            let answer = fs::read(path).unwrap();
            let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            answer[head + 4..].to_vec()
        })
        .collect()
}

#[test]
fn both_paths_agree_on_every_sample() {
    let samples = samples();
    let read = samples.iter().filter(|sample| agree(sample)).count();
    assert!(samples.is_empty() || read > 40, "{read} of {}", samples.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_paths_agree_on_documents_and_changed_ones(document in document(), changes in changes()) {
        agree(&changed(document.as_bytes(), &changes));
    }

    #[test]
    fn both_paths_agree_on_anything_made_of_the_pieces(pieces in vec(select(&PIECES[..]), 0..24)) {
        agree(pieces.concat().as_bytes());
        agree(format!("<Error>{}</Error>", pieces.concat()).as_bytes());
    }

    #[test]
    fn both_paths_agree_on_changed_samples(sample in any::<Index>(), changes in changes()) {
        let samples = SAMPLES.get_or_init(samples);
        if !samples.is_empty() {
            agree(&changed(&samples[sample.index(samples.len())], &changes));
        }
    }
}

static SAMPLES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
