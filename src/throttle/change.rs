/// A change of what a throttle does, for [`ThrottleLayer::on_change`](crate::ThrottleLayer::on_change).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What has changed.
    pub kind: ChangeKind,
    /// Requests per second from now on.
    pub rate: f64,
    /// Calls that wait for a permit.
    pub waiting: usize,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The server has throttled a request, the first since the start or for a long time: the rate now follows its limit.
    Slowed,
    /// Nothing is accepted any more: only a few requests are sent, as probes.
    OutageBegan,
    /// A probe was accepted.
    OutageEnded,
}
