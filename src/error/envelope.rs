//! The accessors of an [`OssError`] for the response around the document, and for the call.

use std::time::Duration;

use http::{Extensions, HeaderMap, Method, StatusCode, Version};

use super::{BodyKind, BodyState, OssError, headers};
use crate::redact::marked;

impl OssError {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.parts().status
    }

    /// Returns the headers as they were received, with no value marked sensitive.
    pub(crate) fn plain_headers(&self) -> &HeaderMap {
        &self.parts().headers
    }

    /// Returns the headers of the response.
    ///
    /// Values are marked sensitive, so that `Debug` hides them, if
    ///
    /// - the name of the header is secret,
    /// - the value looks like a secret, or repeats a secret element of the body,
    /// - the value has more than 256 bytes.
    ///
    /// The request id is never hidden for repeating a secret.
    ///
    /// The values keep the buffer alive that the HTTP client read them into. If you keep many
    /// errors, keep their [`report`](Self::report) instead.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        let parts = self.parts();
        parts.marked.get_or_init(|| Box::new(marked(parts.headers.clone(), &self.secrets())))
    }

    /// Returns the extensions of the response.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.parts().extensions
    }

    /// Returns the HTTP version of the response.
    #[must_use]
    pub fn version(&self) -> Version {
        self.parts().version
    }

    /// Returns the method of the request. `None` if it is not a standard one, or if the error comes
    /// from [`from_response`](Self::from_response).
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.parts().method.get()
    }

    /// Returns the body, cut to the [`body_limit`](crate::OssErrorLayer::body_limit) of the layer.
    ///
    /// **It may contain secrets.** Do not log it. After a wrong signature, OSS repeats the
    /// signature, the string to sign and the key id. A proxy may repeat anything.
    #[must_use]
    pub fn raw_body(&self) -> &[u8] {
        let parts = self.parts();
        parts.body.as_deref().unwrap_or(parts.fields.source().as_bytes())
    }

    /// Returns whether the complete body arrived, and if not, why.
    #[must_use]
    pub fn body_state(&self) -> BodyState {
        self.parts().state
    }

    /// Returns what the body contains. If it is not an OSS document, a proxy may have sent the
    /// response.
    #[must_use]
    pub fn body_kind(&self) -> BodyKind {
        self.parts().kind
    }

    /// Returns how long the header `Retry-After` asks to wait, at most a day.
    ///
    /// A date is compared with the `Date` of the response, so the client's clock does not matter.
    /// Without a `Date`, it is compared with the client's clock.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        headers::retry_after(self.plain_headers())
    }

    /// Returns how long OSS delayed this response because a bandwidth limit was reached, at most a
    /// day.
    ///
    /// From `x-oss-qos-delay-time`. It does not say how long to wait.
    #[must_use]
    pub fn qos_delay(&self) -> Option<Duration> {
        headers::qos_delay(self.plain_headers())
    }

    /// Returns how long OSS worked on the request, at most a day. From `x-oss-server-time`.
    #[must_use]
    pub fn server_time(&self) -> Option<Duration> {
        headers::server_time(self.plain_headers())
    }

    /// Returns how many times the request was sent. This is 1 without a retry policy.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.notes().attempts().max(1)
    }
}
