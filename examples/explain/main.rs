//! Explains an error of OSS: its meaning, its likely cause, and what to do.
//!
//! ```sh
//! curl -si https://bucket.oss-cn-hangzhou.aliyuncs.com/key | cargo run --example explain
//! cargo run --example explain -- --json response.txt
//! echo 'x-oss-err: PD94bWwgdmVyc2lvbj0i...' | cargo run --example explain
//! cargo run --example explain -- 0003-00000005
//! cargo run --example explain -- NoSuchKey
//! ```
//!
//! The input is a response with its head, only its body (XML or JSON), or only its header
//! `x-oss-err`. An argument can be an EC or a code. The output contains no secrets and no control
//! characters: every text from the wire is taken from [`OssError::report`]. For input that is not
//! an error, it prints one line to stderr, and the exit code is 2.

pub(crate) mod finding;
mod input;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::{Value, json};
use tower_oss::{
    ErrorCode,
    error::{Explanation, FixedBy},
};

use self::finding::diagnose;

const USAGE: &str = "\
usage: explain [--json] [EC | CODE | FILE]

Explains an error of OSS: an EC such as 0003-00000005, a code such as NoSuchKey,
or a response. FILE (none or -: standard input) holds one of
  the answer, as `curl -si` prints it
  its body alone, in XML or JSON
  its header x-oss-err alone, in base64, with or without the name
";

/// Maximum length of the input, in bytes.
const MAX_INPUT: u64 = 2 << 20;

/// Columns of the page, and of the names on its left, as in [`OssError::report`].
const WIDTH: usize = 100;
const NAMES: usize = 14;

fn main() -> ExitCode {
    let printed = run(env::args_os().skip(1)).and_then(|page| {
        io::stdout().write_all(page.as_bytes()).map_err(|error| format!("cannot write: {error}"))
    });
    let Err(fault) = printed else { return ExitCode::SUCCESS };
    // Not `eprintln!`: it panics if stderr is closed.
    let _ = writeln!(io::stderr(), "explain: {fault}");
    ExitCode::from(2)
}

/// Formats the text for stdout.
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
    let file = file.unwrap_or_else(|| "-".into());
    let facts = match topic(&file) {
        Some(facts) => facts,
        None => diagnose(&read(&file)?)?.facts(),
    };
    Ok(if json { format!("{:#}\n", to_json(facts)) } else { page(facts) })
}

/// Name in the page, name in JSON, and value. A missing value is null.
type Fact = (&'static str, &'static str, Value);

/// Explains an argument that is an EC or a code, and not a file.
fn topic(argument: &OsStr) -> Option<Vec<Fact>> {
    let text = argument.to_str().filter(|text| !Path::new(text).exists())?;
    let (mut facts, explanation) = match Explanation::of_ec(text) {
        Some(explanation) => (vec![("EC", "ec", json!(text))], explanation),
        None => {
            let is_code = text.starts_with(|c: char| c.is_ascii_uppercase())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
            let code = is_code.then(|| ErrorCode::from(text))?;
            let facts = vec![
                ("code", "code", json!(text)),
                ("status", "status", json!(code.documented_status().map(|status| status.as_u16()))),
                ("class", "class", json!(code.class().as_str())),
            ];
            (facts, Explanation::of_code(&code))
        }
    };
    // Whether a retry helps is unknown for what is in no table.
    let retry_helps = explanation.meaning().is_some() || explanation.retry_helps();
    let retry_helps = retry_helps.then(|| explanation.retry_helps());
    facts.insert(0, ("link", "link", json!(explanation.guide_url())));
    facts.extend(explained(&explanation, retry_helps));
    Some(facts)
}

fn explained(explanation: &Explanation, retry_helps: Option<bool>) -> [Fact; 6] {
    [
        ("meaning", "meaning", json!(explanation.meaning())),
        ("likely cause", "likely_cause", json!(explanation.cause())),
        ("area", "area", json!(explanation.area())),
        ("what to do", "what_to_do", json!(explanation.remedy())),
        ("who", "who", json!(explanation.fixed_by().as_ref().map(FixedBy::to_string))),
        ("retry helps", "retry_helps", json!(retry_helps)),
    ]
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

pub(crate) fn to_json(facts: Vec<Fact>) -> Value {
    facts.into_iter().map(|(_, name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn page(facts: Vec<Fact>) -> String {
    let link = facts[0].2.clone();
    let mut page = String::new();
    for (name, _, value) in facts {
        let text = match (name, value) {
            ("status", Value::Null) => "not given".to_owned(),
            ("code" | "request id", Value::Null) => "none".to_owned(),
            ("retry helps", Value::Null) => "unknown".to_owned(),
            (_, Value::Null) => continue,
            ("recommended", value) if value == link => continue,
            ("retry after", seconds) => format!("{seconds} s"),
            (_, Value::Bool(helps)) => if helps { "yes, after a wait" } else { "no" }.to_owned(),
            (_, Value::String(text)) => text,
            ("element", Value::Array(elements)) => {
                for element in elements {
                    let (name, value) = (&element["name"], &element["value"]);
                    let value = value.as_str().unwrap_or("(not shown)");
                    line(&mut page, "element", &format!("{} {value}", name.as_str().unwrap_or_default()));
                }
                continue;
            }
            (_, other) => other.to_string(),
        };
        line(&mut page, name, &text);
    }
    page
}

fn line(page: &mut String, name: &str, text: &str) {
    *page += &format!("{name:<NAMES$}{}\n", wrapped(text));
}

/// Wraps a text between words, or within one that is too long, into lines that leave room for the
/// names.
fn wrapped(text: &str) -> String {
    // An upper bound: wide characters begin with U+1100.
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
