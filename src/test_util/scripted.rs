use std::{
    collections::VecDeque,
    future::{Ready, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use tower::Service;

use super::{Answer, AnswerBody};
use crate::error::BoxError;

/// A service that gives one [`Answer`] after the other and remembers the requests.
///
/// Clones share the script. A HEAD request gets the answer as OSS sends it then: without body, the error document
/// in `x-oss-err`. When the script has ended, calls fail.
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Answer>,
    requests: Vec<Request<()>>,
}

impl Scripted {
    /// A service with this script.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let scripted = Self::default();
        scripted.lock().answers.extend(answers);
        scripted
    }

    /// Adds an answer to the end of the script.
    pub fn push(&self, answer: impl Into<Answer>) {
        self.lock().answers.push_back(answer.into());
    }

    /// The requests that came, without their bodies.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<()>> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Service<Request<B>> for Scripted {
    type Response = Response<AnswerBody>;
    type Error = BoxError;
    type Future = Ready<Result<Response<AnswerBody>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut script = self.lock();
        let is_head = request.method() == Method::HEAD;
        script.requests.push(request.map(|_| ()));
        ready(match script.answers.pop_front() {
            Some(answer) if is_head => Ok(answer.to_head()),
            Some(answer) => Ok(answer.to_response()),
            None => Err("the script has ended".into()),
        })
    }
}
