use crate::error::OssError;

/// Tells the subscriber about an error: always with its request id, without which support cannot help.
#[cfg(feature = "tracing")]
pub(super) fn event(error: &OssError) {
    use tracing::Level;

    use crate::{error::ErrorClass, redact::Shown};

    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                $level,
                oss.code = %error.code(),
                oss.class = error.class().as_str(),
                http.response.status_code = error.status().as_u16(),
                oss.request_id = error.request_id().map(Shown::new).map(tracing::field::display),
                oss.ec = error.ec().map(Shown::new).map(tracing::field::display),
                oss.host_id = error.host_id().map(|host| error.shown(host)).map(tracing::field::display),
                "OSS answered with an error"
            )
        };
    }
    match error.class() {
        ErrorClass::Server | ErrorClass::Unknown => event!(Level::ERROR),
        ErrorClass::NotFound | ErrorClass::Precondition | ErrorClass::Redirect => event!(Level::INFO),
        _ => event!(Level::WARN),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn event(_: &OssError) {}
