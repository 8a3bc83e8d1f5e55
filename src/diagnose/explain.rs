use std::fmt;

use crate::error::{BodyKind, CodeOrigin, ErrorClass, ErrorCode, OssError, X_OSS_REQUEST_ID, header_text};

/// A line an EC, sorted: EC, cause, remedy, separated by tabs.
static FINE_GRAINED: &str = include_str!("ec.tsv");

/// What an error means and what to do, from tables that are built in: no network is needed.
///
/// The text is for people and may change in any release.
///
/// # Examples
///
/// ```
/// # use tower_oss::OssError;
/// # let answer = http::Response::builder().status(404).header("x-oss-ec", "0026-00000001");
/// # let error = OssError::from_response(answer.body(bytes::Bytes::new()).unwrap());
/// println!("{}", error.explain());
/// assert_eq!(error.explain().cause(), Some("Object or version does not exist"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    meaning: Option<&'static str>,
    cause: Option<&'static str>,
    remedy: &'static str,
    retry_helps: bool,
}

impl OssError {
    /// Meaning, likely cause and remedy, from tables that are built in.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::of(self)
    }
}

impl Explanation {
    fn of(error: &OssError) -> Self {
        let (cause, remedy) = error.ec().and_then(fine_grained).unzip();
        Self {
            // A code that only the status suggests means no more than the status.
            meaning: error.code().meaning().filter(|_| error.code_origin() != CodeOrigin::Inferred),
            cause: cause.or_else(|| cause_of_foreign_body(error)),
            remedy: remedy.filter(|text| *text != "-").unwrap_or_else(|| remedy_of(error)),
            retry_helps: error.is_transient(),
        }
    }

    /// What the code means; `None` for a code that is not in the table, or that nothing but the status suggests.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        self.meaning
    }

    /// The likely cause, if the EC or the shape of the answer tells.
    #[must_use]
    pub fn cause(&self) -> Option<&'static str> {
        self.cause
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.remedy
    }

    /// Whether the same request could succeed if it is repeated after a wait.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        self.retry_helps
    }
}

/// Sentences, on one line.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in [self.meaning, self.cause].into_iter().flatten() {
            write!(f, "{text}. ")?;
        }
        write!(f, "{}.", self.remedy)
    }
}

/// Cause and remedy of an EC.
fn fine_grained(ec: &str) -> Option<(&'static str, &'static str)> {
    FINE_GRAINED.lines().find_map(|line| {
        let mut columns = line.split('\t');
        (columns.next()? == ec).then_some((columns.next()?, columns.next()?))
    })
}

/// Why a body is not OSS's.
fn cause_of_foreign_body(error: &OssError) -> Option<&'static str> {
    let from_oss = header_text(error.plain_headers(), &X_OSS_REQUEST_ID).is_some();
    match error.body_kind() {
        BodyKind::OssXml | BodyKind::OssJson | BodyKind::None => None,
        BodyKind::Compressed => Some("The body is compressed, so it could not be read"),
        BodyKind::Html if from_oss => {
            Some("The bucket answers with its own error page (static website hosting)")
        }
        _ if from_oss => None,
        _ => Some("The answer does not look like OSS's: a proxy, gateway or CDN on the way may have made it"),
    }
}

fn remedy_of(error: &OssError) -> &'static str {
    match error.code() {
        ErrorCode::AccessDenied => {
            "Check the permissions of the key, the bucket policy and, if an Endpoint is named, the endpoint"
        }
        ErrorCode::InDebt | ErrorCode::InDebtOverdue | ErrorCode::UserDisable => {
            "Settle the account's debt or ask support"
        }
        ErrorCode::InvalidAccessKeyId => "Check that the AccessKey ID exists and is enabled",
        ErrorCode::InvalidObjectState => "Restore the archived object first, then read it",
        ErrorCode::NoSuchBucket => "Check the bucket's name and region, or create it",
        ErrorCode::NoSuchKey => "Check the key, or upload the object",
        ErrorCode::NoSuchUpload => {
            "Start a new multipart upload; it may have been completed or aborted already"
        }
        ErrorCode::PositionNotEqualToLength => {
            "Append at the position in the header x-oss-next-append-position"
        }
        ErrorCode::RequestTimeout => "Send the request again; send its body without pauses",
        ErrorCode::SecurityTokenExpired => "Fetch new temporary credentials and sign again",
        ErrorCode::SignatureDoesNotMatch => {
            "Check the AccessKey secret and compare the string to sign with OSS's"
        }
        _ if error.class() == ErrorClass::Server && error.request_id().is_none() => {
            "Try again after a wait; if it stays, look at what stands between you and OSS"
        }
        _ => remedy_of_class(error.class()),
    }
}

fn remedy_of_class(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Client => "Mend the request; sending it again unchanged will not help",
        ErrorClass::Auth => "Check credentials, signature and permissions",
        ErrorClass::NotFound => "Check the names of bucket and object",
        ErrorClass::Conflict => "Look at the present state of the resource, then decide",
        ErrorClass::Precondition => "Read the object again and use its present ETag or time",
        ErrorClass::Throttling => "Reduce the request rate, then try again after a wait",
        ErrorClass::Server => "Try again after a wait; if it stays, ask support with the request id",
        ErrorClass::Clock => "Set the local clock, or sign with the server's time",
        ErrorClass::Redirect => "Send the request to the address that the answer names",
        ErrorClass::Callback => "Do not upload again, the object is stored; mend the callback server",
        ErrorClass::Unknown => "Ask support with the request id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ec_is_listed_once_with_cause_and_remedy() {
        let mut last = "";
        for line in FINE_GRAINED.lines() {
            let columns: Vec<_> = line.split('\t').collect();
            assert_eq!(columns.len(), 3, "{line}");
            assert!(last < columns[0], "{line}");
            assert!(columns.iter().all(|text| !text.trim().is_empty()), "{line}");
            assert_eq!(fine_grained(columns[0]), Some((columns[1], columns[2])));
            last = columns[0];
        }
        assert!(FINE_GRAINED.lines().count() > 250);
        assert_eq!(fine_grained("9999-99999999"), None);
    }
}
