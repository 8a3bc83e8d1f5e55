//! What to do about an error, and who can do it.

use crate::error::{ErrorClass, ErrorCode, FixedBy, Outlook};

/// What to do, and who can do it.
pub(super) type Remedy = (&'static str, FixedBy);

/// Who can fix the cause of an EC, if that differs from the code.
pub(super) fn fixed_by_ec(ec: &str) -> Option<FixedBy> {
    match ec {
        "0003-00000001" | "0024-00000008" => Some(FixedBy::Support),
        "0003-00000005" | "0003-00000101" | "0003-00000201" => Some(FixedBy::Administrator),
        _ => None,
    }
}

/// The remedy for a code. It does not apply if the status overrides the class of the code, as 203
/// and 429 do.
pub(super) fn of_code(code: &ErrorCode) -> Option<Remedy> {
    use FixedBy::{Administrator, Caller, Nobody, Support};
    Some(match code {
        ErrorCode::AccessDenied => (
            "Check the permissions of the key, the bucket policy and, if an Endpoint is named, the endpoint",
            Administrator,
        ),
        ErrorCode::AccessForbidden => {
            ("Have the bucket's owner set a CORS rule for this request", Administrator)
        }
        ErrorCode::ActiveRequestLimitExceeded => {
            ("Lower the concurrency, then try again after a wait; support knows the limit", Support)
        }
        ErrorCode::BucketAlreadyExists => {
            ("Choose another name; that of a deleted bucket is free again after 4 to 8 hours", Caller)
        }
        ErrorCode::BucketDisable => ("Remove the disputed content, then ask support", Support),
        ErrorCode::CpuLimitExceeded => ("Process fewer images at once, then try again after a wait", Caller),
        ErrorCode::DownloadTrafficRateLimitExceeded | ErrorCode::UploadTrafficRateLimitExceeded => {
            ("Transfer less at once, then try again after a wait; support raises the limit", Caller)
        }
        ErrorCode::EntityTooLarge => ("Use a multipart upload, or allow a larger body", Caller),
        ErrorCode::FileAlreadyExists => {
            ("Use another name, or allow overwriting: the request forbade it", Caller)
        }
        ErrorCode::InDebt | ErrorCode::InDebtOverdue => ("Settle the account's debt", Administrator),
        ErrorCode::InvalidAccessKeyId => (
            "Check that the AccessKey ID exists, is enabled, and may be used from this address",
            Administrator,
        ),
        ErrorCode::InvalidObjectState => ("Restore the archived object first, then read it", Caller),
        ErrorCode::MetaOperationQpsLimitExceeded => {
            ("Make fewer management calls, then try again after a few seconds", Nobody)
        }
        ErrorCode::NoNeedCreateCnameToken => ("Nothing: the token is in effect already", Nobody),
        ErrorCode::NoSuchBucket => ("Check the bucket's name and region, or create it", Caller),
        ErrorCode::NoSuchBucketPolicy => ("Nothing, unless you expect a policy: the bucket has none", Caller),
        ErrorCode::NoSuchKey => ("Check the key, or upload the object", Caller),
        ErrorCode::NoSuchUpload => {
            ("Start a new multipart upload; this one may have been completed or aborted already", Caller)
        }
        ErrorCode::PartitionQpsLimitted => {
            ("Spread the keys over random prefixes, then try again after a wait", Caller)
        }
        ErrorCode::PositionNotEqualToLength => {
            ("Append at the position in the header x-oss-next-append-position", Caller)
        }
        ErrorCode::RequestDeniedByCallback => {
            ("Do what the message asks for: download less at once, or log in", Caller)
        }
        ErrorCode::RequestTimeout => {
            ("Try again, and send the body without pauses; smaller parts help", Caller)
        }
        ErrorCode::SecurityTokenExpired => ("Fetch new temporary credentials and sign again", Caller),
        ErrorCode::SignatureDoesNotMatch => {
            ("Check the AccessKey secret, and compare the string to sign with OSS's", Caller)
        }
        ErrorCode::StaleFile => {
            ("Later, once the other request is done; do not write the same key in parallel", Nobody)
        }
        ErrorCode::UserDisable => {
            ("Settle the account's debt or activate OSS; ask support if it is blocked", Administrator)
        }
        _ => return None,
    })
}

/// The remedy for a class. It says "try again" only if the outlook allows it.
pub(super) fn of_class(class: ErrorClass, outlook: Outlook, is_from_oss: bool) -> Remedy {
    use FixedBy::{Administrator, Caller, Nobody, Support};
    match class {
        ErrorClass::Client if outlook == Outlook::Transient => ("Try again after a wait", Nobody),
        ErrorClass::Client => ("Fix the request; sending it unchanged will not help", Caller),
        ErrorClass::Auth => ("Check credentials, signature and permissions", Administrator),
        ErrorClass::NotFound => ("Check the names of bucket and object", Caller),
        ErrorClass::Conflict => ("Check the current state of the resource, then decide", Caller),
        ErrorClass::Precondition => ("Read the object again and use its current ETag or time", Caller),
        ErrorClass::Throttling => ("Reduce the request rate, then try again after a wait", Caller),
        ErrorClass::Server if outlook == Outlook::Permanent => {
            ("Change the request: the server does not support it", Caller)
        }
        ErrorClass::Server if is_from_oss => {
            ("Try again after a wait; if the error persists, ask support with the request id", Nobody)
        }
        ErrorClass::Server => {
            ("Try again after a wait; if the error persists, check the proxies between you and OSS", Nobody)
        }
        ErrorClass::Clock => ("Set the local clock, or sign with the server's time", Caller),
        ErrorClass::Redirect => ("Send the request to the address that the response names", Caller),
        ErrorClass::Callback => {
            ("Do not upload again, the object is stored; fix the callback server", Caller)
        }
        ErrorClass::Unknown => ("Ask support with the request id", Support),
    }
}
