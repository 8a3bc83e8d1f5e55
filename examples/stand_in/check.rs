//! What OSS checks first: the credentials, the date and the signature.

use std::time::{Duration, SystemTime};

use http::request::Parts;
use tower_oss::{ClockOffset, ErrorCode, test_util::ErrorResponse};

use super::OssState;
use crate::signer::{Target, v4::Signed};

const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

pub(super) fn check(head: &Parts, target: &Target, state: &OssState) -> Result<(), ErrorResponse> {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text("authorization").and_then(Authorization::parse);
    let Some(authorization) = authorization else {
        return Err(ErrorResponse::new(ErrorCode::AccessDenied)
            .message("Anonymous access is forbidden for this operation."));
    };
    check_keys(&authorization, text("x-oss-security-token"), state)?;
    let time = text("x-oss-date").unwrap_or_default();
    check_date(time, ClockOffset::new().now() + state.clock_ahead)?;

    let signed = Signed::new(head, target, &authorization.additional, time);
    if signed.signature(&state.keys.secret, target) == authorization.signature {
        return Ok(());
    }
    Err(ErrorResponse::new(ErrorCode::SignatureDoesNotMatch)
        .message(
            "The request signature we calculated does not match the signature you provided. \
             Check your key and signing method.",
        )
        .ec("0002-00000201")
        .field("OSSAccessKeyId", authorization.id)
        .field("SignatureProvided", authorization.signature)
        .field("StringToSign", signed.string_to_sign)
        .field("CanonicalRequest", signed.canonical_request))
}

fn check_keys(
    authorization: &Authorization<'_>,
    token: Option<&str>,
    state: &OssState,
) -> Result<(), ErrorResponse> {
    let error = |code, message: &str, ec| Err(ErrorResponse::new(code).message(message).ec(ec));
    if token.is_some_and(|token| state.expired_tokens.iter().any(|expired| expired == token)) {
        let message = "The security token you provided has expired.";
        return error(ErrorCode::SecurityTokenExpired, message, "0002-00000007");
    }
    if authorization.id != state.keys.id {
        let message = "The OSS Access Key Id you provided does not exist in our records.";
        return error(ErrorCode::InvalidAccessKeyId, message, "0002-00000902");
    }
    if token != state.keys.token.as_deref() {
        let message = "The security token you provided is invalid.";
        return error(ErrorCode::InvalidSecurityToken, message, "0002-00000006");
    }
    Ok(())
}

fn check_date(time: &str, now: SystemTime) -> Result<(), ErrorResponse> {
    let Some(sent) = parse_date(time) else {
        return Err(ErrorResponse::new(ErrorCode::AccessDenied)
            .message("Invalid signing date in Authorization header."));
    };
    let skew = now.duration_since(sent).unwrap_or_else(|ahead| ahead.duration());
    if skew <= MAX_SKEW {
        return Ok(());
    }
    let text = |time| humantime::format_rfc3339_millis(time).to_string();
    Err(ErrorResponse::new(ErrorCode::RequestTimeTooSkewed)
        .message("The difference between the request time and the current time is too large.")
        .ec("0002-00000504")
        .field("MaxAllowedSkewMilliseconds", MAX_SKEW.as_millis().to_string())
        .field("RequestTime", text(sent))
        .field("ServerTime", text(now)))
}

/// Reads `20231216T162057Z`.
fn parse_date(text: &str) -> Option<SystemTime> {
    let part = |range: std::ops::Range<usize>| text.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(9..11)?, part(11..13)?, part(13..15)?);
    humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

/// The header of that name.
struct Authorization<'a> {
    id: &'a str,
    additional: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let fields = text.strip_prefix("OSS4-HMAC-SHA256 ")?;
        let field = |name| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        let additional = field("AdditionalHeaders").unwrap_or_default();
        Some(Self {
            id: field("Credential")?.split('/').next()?,
            additional: additional.split(';').filter(|name| !name.is_empty()).collect(),
            signature: field("Signature")?,
        })
    }
}
