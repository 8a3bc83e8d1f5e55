//! Explains an error answer of OSS: what it means, what probably caused it, what to do.
//!
//! ```sh
//! curl -si https://bucket.oss-cn-hangzhou.aliyuncs.com/key | cargo run --example explain
//! cargo run --example explain -- --json answer.txt
//! echo 'x-oss-err: PD94bWwgdmVyc2lvbj0i...' | cargo run --example explain
//! ```
//!
//! The input is an answer with its head, or its body alone (XML or JSON), or its header `x-oss-err` alone. What is
//! printed holds no secret and no control character, whatever the input holds: every text that came over the wire
//! is taken from [`OssError::report`]. Input that is no error gives one line on stderr and the exit code 2.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read, Write},
    process::ExitCode,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tower_oss::{
    ErrorClass, OssError,
    error::{BodyKind, CodeOrigin},
};

const USAGE: &str = "\
usage: explain [--json] [FILE]

Explains an error answer of OSS. FILE (none or -: standard input) holds one of
  the answer, as `curl -si` prints it
  its body alone, in XML or JSON
  its header x-oss-err alone, in base64, with or without the name
";

/// Longest input, in bytes.
const MAX_INPUT: u64 = 2 << 20;

/// Columns of the page, and of the names at its left: as in [`OssError::report`].
const WIDTH: usize = 100;
const NAMES: usize = 14;

/// Stands in for a status that the input does not tell: the library infers no class from it.
const NOT_GIVEN: StatusCode = StatusCode::CONTINUE;

fn main() -> ExitCode {
    let printed = run(env::args_os().skip(1)).and_then(|page| {
        io::stdout().write_all(page.as_bytes()).map_err(|error| format!("cannot write: {error}"))
    });
    let Err(fault) = printed else { return ExitCode::SUCCESS };
    // Not `eprintln!`: it panics where stderr is closed.
    let _ = writeln!(io::stderr(), "explain: {fault}");
    ExitCode::from(2)
}

/// Makes the text for stdout.
fn run(args: impl Iterator<Item = OsString>) -> Result<String, String> {
    let (mut json, mut file) = (false, None);
    for arg in args {
        match arg.to_str() {
            Some("--help" | "-h") => return Ok(USAGE.to_owned()),
            Some("--json") => json = true,
            Some(option) if option.len() > 1 && option.starts_with('-') => {
                return Err(format!("unknown option {option:?}, try --help"));
            }
            _ if file.is_some() => return Err("more than one FILE, try --help".to_owned()),
            _ => file = Some(arg),
        }
    }
    let finding = diagnose(&read(&file.unwrap_or_else(|| "-".into()))?)?;
    Ok(if json { format!("{:#}\n", finding.json()) } else { finding.page() })
}

fn read(file: &OsStr) -> Result<Vec<u8>, String> {
    let mut input = Vec::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().take(MAX_INPUT + 1).read_to_end(&mut input),
        _ => File::open(file).and_then(|file| file.take(MAX_INPUT + 1).read_to_end(&mut input)),
    };
    match read {
        Ok(length) if length as u64 > MAX_INPUT => {
            Err(format!("the input is longer than {} MiB", MAX_INPUT >> 20))
        }
        Ok(_) => Ok(input),
        Err(error) => Err(format!("cannot read {file:?}: {error}")),
    }
}

fn diagnose(input: &[u8]) -> Result<Finding, String> {
    let input = input.trim_ascii_start();
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input).trim_ascii_start();
    if let Some(answer) = read_answer(input) {
        return match answer.status().as_u16() {
            203 | 300.. => Ok(Finding::new(answer, true)),
            status => Err(format!("the answer is no error: its status is {status}")),
        };
    }
    match input.first() {
        None => Err("the input is empty".to_owned()),
        Some(b'<' | b'{' | b'[') => Finding::of_part(Response::new(Bytes::copy_from_slice(input))),
        Some(_) => Finding::of_part(read_x_oss_err(input)),
    }
}

/// Reads the last answer. A head that another one follows at once is interim: of a 100 or 103, of a tunnel through a
/// proxy, of a redirect that was followed.
fn read_answer(mut input: &[u8]) -> Option<Response<Bytes>> {
    let mut last = None;
    while let Some(status) = status_of(input) {
        let mut head = Response::new(());
        *head.status_mut() = status;
        (*head.headers_mut(), input) = read_headers(split_line(input).1);
        last = Some(head);
    }
    last.map(|head| head.map(|()| Bytes::copy_from_slice(input)))
}

/// Reads headers up to the empty line; returns what follows it, too. What cannot be a header is left out.
fn read_headers(mut input: &[u8]) -> (HeaderMap, &[u8]) {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let (line, rest) = split_line(input);
        input = rest;
        match (line, lines.last_mut()) {
            ([], _) => break,
            ([b' ' | b'\t', ..], Some(folded)) => folded.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
    }
    let mut headers = HeaderMap::new();
    for line in &lines {
        let mut parts = line.splitn(2, |b| *b == b':').map(<[u8]>::trim_ascii);
        let name = parts.next().map(HeaderName::from_bytes);
        if let (Some(Ok(name)), Some(value)) = (name, parts.next().and_then(header_value)) {
            let _ = headers.try_append(name, value); // a map has room for 32768
        }
    }
    (headers, input)
}

/// The status, if the input begins with a status line: `HTTP/1.1 404 Not Found`, `HTTP/2 404`.
fn status_of(input: &[u8]) -> Option<StatusCode> {
    let (line, _) = split_line(input.strip_prefix(b"HTTP/")?);
    let mut words = line.split(u8::is_ascii_whitespace);
    words.next().filter(|version| version.iter().all(|b| b.is_ascii_digit() || *b == b'.'))?;
    StatusCode::from_bytes(words.find(|word| !word.is_empty())?).ok()
}

/// The first line, without its end, and what follows it.
fn split_line(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let line = &input[..end];
    (line.strip_suffix(b"\r").unwrap_or(line), input.get(end + 1..).unwrap_or_default())
}

/// Control characters count as blanks, as RFC 9110, section 5.5, allows.
fn header_value(text: &[u8]) -> Option<HeaderValue> {
    let text: Vec<_> = text.iter().map(|b| if b.is_ascii_control() { b' ' } else { *b }).collect();
    HeaderValue::from_bytes(text.trim_ascii()).ok()
}

/// Makes an answer of the header `x-oss-err` alone.
fn read_x_oss_err(input: &[u8]) -> Response<Bytes> {
    let value = match input.split_at_checked("x-oss-err:".len()) {
        Some((name, value)) if name.eq_ignore_ascii_case(b"x-oss-err:") => value,
        _ => input,
    };
    let mut answer = Response::default();
    if let Some(value) = header_value(value) {
        answer.headers_mut().insert("x-oss-err", value);
    }
    answer
}

/// An error, and how much of it the input told.
struct Finding {
    error: OssError,
    /// Whether the status is the answer's, and not just the documented one of the code, or `NOT_GIVEN`.
    has_status: bool,
    /// The error as the library renders it, safe to print.
    report: String,
}

impl Finding {
    /// Reads a body or a header alone, as if the status were the one that is documented for the code.
    fn of_part(mut part: Response<Bytes>) -> Result<Self, String> {
        *part.status_mut() = NOT_GIVEN;
        let finding = Self::new(part.clone(), false);
        let error = &finding.error;
        if matches!(error.body_kind(), BodyKind::Other | BodyKind::None)
            && error.code_origin() == CodeOrigin::Inferred
            && error.message().is_none()
        {
            return Err("the input is no HTTP answer, no XML or JSON, and no base64 of x-oss-err".to_owned());
        }
        let Some(documented) = error.code().documented_status() else { return Ok(finding) };
        *part.status_mut() = documented;
        Ok(Self::new(part, false))
    }

    fn new(answer: Response<Bytes>, has_status: bool) -> Self {
        let error = OssError::from_response(answer);
        Self { report: error.report(), error, has_status }
    }

    /// Name in the page, name in JSON, value: one that is absent is null.
    fn facts(&self) -> [(&'static str, &'static str, Value); 15] {
        let (error, explanation) = (&self.error, self.error.explain());
        let has_code = self.has_status || error.code_origin() != CodeOrigin::Inferred;
        let has_class = error.status() != NOT_GIVEN || error.code().class() != ErrorClass::Unknown;
        let origin = match error.code_origin() {
            CodeOrigin::Body => "body",
            CodeOrigin::Header => "header",
            _ => "inferred from the status",
        };
        [
            ("code", "code", json!(has_code.then(|| error.code().to_string()))),
            ("code origin", "code_origin", json!(has_code.then_some(origin))),
            ("status", "status", json!(self.has_status.then(|| error.status().as_u16()))),
            ("class", "class", json!(error.class().as_str())),
            ("message", "message", json!(self.line("message"))),
            ("meaning", "meaning", json!(explanation.meaning())),
            ("likely cause", "likely_cause", json!(explanation.cause())),
            ("what to do", "what_to_do", json!(explanation.remedy())),
            ("retry helps", "retry_helps", json!(has_class.then(|| explanation.retry_helps()))),
            ("retry after", "retry_after_seconds", json!(error.retry_after().map(|wait| wait.as_secs()))),
            ("request id", "request_id", json!(error.request_id().and(self.line("request id")))),
            ("EC", "ec", json!(self.line("EC"))),
            ("host", "host", json!(self.line("host"))),
            ("link", "link", json!(self.line("see"))),
            ("body", "body", json!(self.line("body"))),
        ]
    }

    fn json(&self) -> Value {
        let facts = self.facts().map(|(_, name, value)| (name.to_owned(), value));
        facts.into_iter().chain([("elements".to_owned(), self.elements())]).collect()
    }

    fn page(&self) -> String {
        let facts = self.facts().into_iter().filter_map(|(name, _, value)| {
            let text = match (name, value) {
                ("status", Value::Null) => "not given".to_owned(),
                ("code" | "request id", Value::Null) => "none".to_owned(),
                ("retry helps", Value::Null) => "unknown".to_owned(),
                (_, Value::Null) => return None,
                ("retry after", seconds) => format!("{seconds} s"),
                (_, Value::Bool(helps)) => if helps { "yes, after a wait" } else { "no" }.to_owned(),
                (_, Value::String(text)) => text,
                (_, other) => other.to_string(),
            };
            Some((name, text))
        });
        let elements = self.lines("with").map(|line| ("element", line.to_owned()));
        facts.chain(elements).map(|(name, text)| format!("{name:<NAMES$}{}\n", wrapped(&text))).collect()
    }

    /// The other elements of the document: the name, and the value where the library shows it.
    fn elements(&self) -> Value {
        let elements = self.lines("with").map(|line| {
            let hidden = line.strip_suffix(" bytes, not shown)").and_then(|line| line.rsplit_once(" ("));
            match (hidden, line.split_once(' ')) {
                (None, Some((name, value))) => json!({ "name": name, "value": value }),
                (hidden, _) => json!({ "name": hidden.map_or(line, |(name, _)| name), "value": null }),
            }
        });
        elements.collect()
    }

    /// A text of the report that is not empty.
    fn line(&self, name: &str) -> Option<&str> {
        self.lines(name).next().filter(|text| !text.is_empty())
    }

    fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.report.lines().filter_map(|line| line.split_at_checked(NAMES));
        lines.filter(move |(known, _)| known.trim_end() == name).map(|(_, text)| text)
    }
}

/// Breaks a text between words, or inside one that is too long, into lines that leave room for the names.
fn wrapped(text: &str) -> String {
    // At most: wide characters begin with U+1100.
    let columns = |c| if c < '\u{1100}' { 1 } else { 2 };
    let mut page = String::new();
    let mut column = NAMES;
    for (at, c) in text.char_indices() {
        let word = if c == ' ' { text[at + 1..].split(' ').next().unwrap_or_default() } else { "" };
        if column + columns(c) + word.chars().map(columns).sum::<usize>() > WIDTH {
            page += &format!("\n{:NAMES$}", "");
            column = NAMES;
            if c == ' ' {
                continue;
            }
        }
        page.push(c);
        column += columns(c);
    }
    page
}
