use std::{collections::VecDeque, error::Error as StdError, fmt};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};

use super::{Answer, AnswerBody, ErrorResponse, answer::respond_with};
use crate::error::ErrorCode;

/// The remaining [`Answer`]s of a [`Scripted`](super::Scripted) service, and the requests it
/// received.
#[derive(Debug, Default)]
pub(super) struct Script {
    routes: Vec<Route>,
    pub(super) answers: VecDeque<Answer>,
    pub(super) requests: Vec<Request<Bytes>>,
}

#[derive(Debug)]
struct Route {
    method: Method,
    path: String,
    answers: VecDeque<Answer>,
}

impl Script {
    /// Replaces the route of this method and path.
    pub(super) fn route(&mut self, method: Method, path: String, answers: VecDeque<Answer>) {
        self.routes.retain(|route| (&route.method, &route.path) != (&method, &path));
        self.routes.push(Route { method, path, answers });
    }

    /// Takes the next [`Answer`] for this request, if any is left.
    pub(super) fn next(&mut self, method: &Method, uri: &Uri) -> Option<Answer> {
        match self.find(method, uri) {
            Some(route) if route.answers.len() > 1 => route.answers.pop_front(),
            Some(route) if !route.answers.is_empty() => route.answers.front().cloned(),
            _ => self.answers.pop_front(),
        }
    }

    /// The route with the request's query before the one without a query.
    fn find(&mut self, method: &Method, uri: &Uri) -> Option<&mut Route> {
        let with_query = uri.path_and_query().map_or("/", |path| path.as_str());
        let place = [with_query, uri.path()].into_iter().find_map(|path| {
            self.routes.iter().position(|route| (&route.method, &*route.path) == (method, path))
        })?;
        self.routes.get_mut(place)
    }
}

/// No [`Answer`] is left for a request.
#[derive(Debug)]
pub(super) struct ScriptEnded {
    method: Method,
    path: String,
}

impl ScriptEnded {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Self { method: request.method().clone(), path: path.to_owned() }
    }

    /// What a server responds.
    pub(super) fn response(&self) -> Response<AnswerBody> {
        let response = ErrorResponse::new(ErrorCode::NotImplemented)
            .status(StatusCode::NOT_IMPLEMENTED)
            .message(self.to_string());
        respond_with(response.complete(), self.method == Method::HEAD)
    }
}

impl fmt::Display for ScriptEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the script has ended: no answer is left for {} {}", self.method, self.path)
    }
}

impl StdError for ScriptEnded {}
