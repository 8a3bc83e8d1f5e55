//! The meaning of a response.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tower_oss::{
    ErrorClass, OssError,
    error::{BodyKind, CodeOrigin},
};

use super::{
    Fact, NAMES, explained,
    input::{read_response, read_x_oss_err},
};

/// Replaces a missing status. The library infers no class from it.
const NOT_GIVEN: StatusCode = StatusCode::CONTINUE;

pub(crate) fn diagnose(input: &[u8]) -> Result<Finding, String> {
    let input = input.trim_ascii_start();
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input).trim_ascii_start();
    if let Some(response) = read_response(input) {
        return match response.status().as_u16() {
            203 | 300.. => Ok(Finding::new(response, true)),
            status => Err(format!("the response is no error: its status is {status}")),
        };
    }
    match input.first() {
        None => Err("the input is empty".to_owned()),
        Some(b'<' | b'{' | b'[') => Finding::of_part(Response::new(Bytes::copy_from_slice(input))),
        Some(_) => Finding::of_part(read_x_oss_err(input)),
    }
}

/// An error, and what of it is from the input.
pub(crate) struct Finding {
    error: OssError,
    /// Whether the status is from the response, not the documented one of the code, or `NOT_GIVEN`.
    has_status: bool,
    /// The error as the library renders it, safe to print.
    report: String,
}

impl Finding {
    /// Reads a body or a header without a status, with the documented status of the code.
    fn of_part(mut part: Response<Bytes>) -> Result<Self, String> {
        *part.status_mut() = NOT_GIVEN;
        let finding = Self::new(part.clone(), false);
        let error = &finding.error;
        if matches!(error.body_kind(), BodyKind::Other | BodyKind::None)
            && error.code_origin() == CodeOrigin::Inferred
            && error.message().is_none()
        {
            return Err(
                "the input is no HTTP response, no XML or JSON, and no base64 of x-oss-err".to_owned()
            );
        }
        let Some(documented) = error.code().documented_status() else { return Ok(finding) };
        *part.status_mut() = documented;
        Ok(Self::new(part, false))
    }

    fn new(response: Response<Bytes>, has_status: bool) -> Self {
        let error = OssError::from_response(response);
        Self { report: error.report(), error, has_status }
    }

    /// The link, then the content of the response, then its meaning.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let (error, explanation) = (&self.error, self.error.explain());
        let has_code = self.has_status || error.code_origin() != CodeOrigin::Inferred;
        let has_class = error.status() != NOT_GIVEN || error.code().class() != ErrorClass::Unknown;
        let origin = match error.code_origin() {
            CodeOrigin::Body => "body",
            CodeOrigin::Header => "header",
            _ => "inferred from the status",
        };
        let mut facts = vec![
            ("link", "link", json!(explanation.guide_url())),
            ("code", "code", json!(has_code.then(|| error.code().to_string()))),
            ("code origin", "code_origin", json!(has_code.then_some(origin))),
            ("status", "status", json!(self.has_status.then(|| error.status().as_u16()))),
            ("class", "class", json!(error.class().as_str())),
            ("message", "message", json!(self.line("message"))),
        ];
        facts.extend(explained(&explanation, has_class.then(|| explanation.retry_helps())));
        facts.extend([
            ("retry after", "retry_after_seconds", json!(error.retry_after().map(|wait| wait.as_secs()))),
            ("request id", "request_id", json!(error.request_id().and(self.line("request id")))),
            ("EC", "ec", json!(self.line("EC"))),
            ("host", "host", json!(self.line("host"))),
            ("recommended", "recommended", json!(self.line("see"))),
            ("body", "body", json!(self.line("body"))),
            ("element", "elements", self.elements()),
        ]);
        facts
    }

    /// The other elements of the document: the name, and the value if the library shows it.
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
