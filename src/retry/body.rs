use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Either, Empty, Full};
use pin_project_lite::pin_project;

use crate::error::BoxError;

/// A request body that the retry policy may be able to send again.
///
/// This trait is implemented for bodies that are complete before they are sent. tower clones the
/// body before every attempt, even if nothing fails. Cloning `Bytes` increments a reference count;
/// cloning a `Vec` or a `String` copies all bytes.
///
/// Wrap any other body, such as a stream, in [`OnceBody`], or implement this trait for a body of
/// your own that can be opened again. If the client needs a boxed body or reqwest's, convert the
/// body below the policy, with `map_request`.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use tower_oss::retry::{OnceBody, TryCloneBody};
///
/// assert!(!Full::new(Bytes::from("again and again")).try_clone().unwrap().is_stand_in());
///
/// let stream = Full::new(Bytes::from("as if it came from a socket"));
/// assert!(OnceBody::new(stream).try_clone().unwrap().is_stand_in());
/// ```
#[diagnostic::on_unimplemented(
    message = "`RetryPolicy` does not know how to send a body of type `{Self}` again",
    label = "`RetryPolicy` needs a body that implements `TryCloneBody`",
    note = "wrap a stream in `OnceBody`: it is sent once, and never retried",
    note = "a complete body, such as `Full<Bytes>`, is sent again; box it below the policy, with `map_request`"
)]
pub trait TryCloneBody: Sized {
    /// Returns a copy of the complete body, even if this one has been read in part.
    ///
    /// With `None`, tower sends the request without asking the policy. The error then has no
    /// [`RetryStop`](crate::error::RetryStop). Return a placeholder instead, and `true` from
    /// [`is_stand_in`](Self::is_stand_in).
    fn try_clone(&self) -> Option<Self>;

    /// Returns whether this is a placeholder for a body that cannot be sent twice. The policy never
    /// sends it.
    fn is_stand_in(&self) -> bool {
        false
    }

    /// Clones the complete request. A body that is `Clone` uses the request's own `clone`, which is
    /// cheaper.
    #[doc(hidden)]
    fn try_clone_request(request: &Request<Self>) -> Option<Request<Self>> {
        let mut clone = Request::new(request.body().try_clone()?);
        clone.method_mut().clone_from(request.method());
        clone.uri_mut().clone_from(request.uri());
        *clone.version_mut() = request.version();
        clone.headers_mut().clone_from(request.headers());
        clone.extensions_mut().clone_from(request.extensions());
        Some(clone)
    }
}

macro_rules! by_clone {
    ($([$($generics:tt)*] $body:ty;)*) => {$(
        impl<$($generics)*> TryCloneBody for $body {
            fn try_clone(&self) -> Option<Self> {
                Some(self.clone())
            }

            fn try_clone_request(request: &Request<Self>) -> Option<Request<Self>> {
                Some(request.clone())
            }
        }
    )*};
}

by_clone! {
    [] ();
    [] String;
    [] &'static str;
    [] Vec<u8>;
    [] Bytes;
    [D: Clone] Full<D>;
    [D] Empty<D>;
}

impl<B: TryCloneBody> TryCloneBody for Option<B> {
    fn try_clone(&self) -> Option<Self> {
        match self {
            Some(body) => body.try_clone().map(Some),
            None => Some(None),
        }
    }

    fn is_stand_in(&self) -> bool {
        self.as_ref().is_some_and(B::is_stand_in)
    }
}

impl<L: TryCloneBody, R: TryCloneBody> TryCloneBody for Either<L, R> {
    fn try_clone(&self) -> Option<Self> {
        match self {
            Self::Left(body) => body.try_clone().map(Self::Left),
            Self::Right(body) => body.try_clone().map(Self::Right),
        }
    }

    fn is_stand_in(&self) -> bool {
        match self {
            Self::Left(body) => body.is_stand_in(),
            Self::Right(body) => body.is_stand_in(),
        }
    }
}

pin_project! {
    /// Body that can be sent only once, such as a stream.
    ///
    /// The request is sent once, unchanged. If it fails in a way that would be retried, the error
    /// says [`RetryStop::BodyNotReplayable`](crate::error::RetryStop::BodyNotReplayable).
    #[derive(Debug)]
    pub struct OnceBody<B> {
        #[pin]
        body: Option<B>,
    }
}

impl<B> OnceBody<B> {
    /// Wraps a body that can be sent once.
    #[must_use]
    pub fn new(body: B) -> Self {
        Self { body: Some(body) }
    }

    /// Returns the body, or `None` if this is the placeholder that the policy keeps for it.
    #[must_use]
    pub fn into_inner(self) -> Option<B> {
        self.body
    }
}

impl<B> TryCloneBody for OnceBody<B> {
    fn try_clone(&self) -> Option<Self> {
        Some(Self { body: None })
    }

    fn is_stand_in(&self) -> bool {
        self.body.is_none()
    }
}

impl<B> Body for OnceBody<B>
where
    B: Body<Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = OnceBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, OnceBodyError>>> {
        match self.project().body.as_pin_mut() {
            Some(body) => body.poll_frame(cx).map_err(|error| OnceBodyError::Body(error.into())),
            None => Poll::Ready(Some(Err(OnceBodyError::StandIn))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::new, B::size_hint)
    }
}

/// Why a [`OnceBody`] could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum OnceBodyError {
    /// The body itself failed.
    Body(BoxError),
    /// The body is a placeholder: another layer than the retry policy sent a clone of the request.
    StandIn,
}

impl fmt::Display for OnceBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::StandIn => f.write_str("a body that can be sent once was sent again"),
        }
    }
}

impl StdError for OnceBodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Body(error) => error.source(),
            Self::StandIn => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::combinators::UnsyncBoxBody;

    use super::*;

    /// The bounds that HTTP clients have for a body.
    fn can_be_sent<B: Body<Error: StdError + Send + Sync + 'static>>(_: &B) -> bool {
        true
    }

    #[test]
    fn a_boxed_body_can_be_sent_once() {
        let body: UnsyncBoxBody<Bytes, BoxError> = UnsyncBoxBody::default();
        let once = OnceBody::new(body);
        assert!(can_be_sent(&once) && !once.is_stand_in());
        let placeholder = once.try_clone().unwrap();
        assert!(placeholder.is_stand_in() && placeholder.into_inner().is_none());
        assert!(once.into_inner().is_some());
    }
}
