//! Slowing down when OSS says so.
//!
//! # The problem
//!
//! OSS limits the request rate of an account, a bucket, a prefix. Beyond the limit it answers 429 or 503, with a code
//! of class [`Throttling`](crate::ErrorClass::Throttling), and asks to reduce the request rate. A client that retries
//! without doing so makes things worse: each refused request comes again, and the more are refused, the more come.
//! Backoff does not help much, because it slows down single requests: the next caller knows nothing of what the one
//! before has learned. What has to be slowed down is the client as a whole.
//!
//! [`ThrottleLayer`] puts one limiter in front of all calls of a client. Callers wait for
//! their turn, first come, first served, and turns come at a rate that follows the limit of the server.
//!
//! # Place among the layers
//!
//! ```text
//! RetryLayer           repeats what failed
//!   ThrottleLayer      decides when a request may be sent
//!     OssErrorLayer    tells a refusal from other answers
//!       client
//! ```
//!
//! Inside the retry layer, so that a repeated request waits for a turn like any other; outside the error layer,
//! whose typed errors it reads. It marks each error that it *paces*: a throttling answer, or a failure during an
//! outage. [`RetryPolicy`](crate::RetryPolicy) repeats such a request at once, without counting an attempt: the
//! throttle sees to the waiting, and the time limit of the call bounds it. A layer below the throttle that reserves
//! something in `poll_ready` (a permit, say) reserves it for waiting callers, too; put it above.
//!
//! ```
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     ErrorCode, OssErrorLayer, ThrottleLayer,
//!     test_util::{Answer, ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let throttle = ThrottleLayer::new();
//! let handle = throttle.handle();
//! let oss = Scripted::new([ErrorResponse::new(ErrorCode::QpsLimitExceeded).into(), Answer::ok("hello")]);
//! let client = ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(oss);
//!
//! let before = handle.rate();
//! let error = client.clone().oneshot(Request::new(())).await.unwrap_err();
//! assert!(error.oss().unwrap().is_throttled());
//! assert!(handle.rate() < before);
//!
//! assert!(client.oneshot(Request::new(())).await.is_ok());
//! assert_eq!((handle.accepted(), handle.refused()), (1, 1));
//! # }
//! ```
//!
//! # How the limit is found
//!
//! **Start.** The first rate is finite ([`first_rate`](Builder::first_rate)), and doubles every
//! [`doubling`](Builder::doubling) while callers wait, until a request is refused; but no faster than answers come, up to
//! [`longest_doubling`](Builder::longest_doubling), for a refusal is known only when its answer is there. (A client that
//! is unlimited until the first refusal has all its workers' requests in flight when it comes, and all of them are refused.)
//! Then the rate is cut to [`first_cut`](Builder::first_cut), and doubles half as fast as at first, until the limit can be
//! measured. Over a long way that is at once, unless the server counts in windows: while the rest of what is under way is
//! refused, what is served is the limit.
//!
//! **Measure.** A server that refuses has nothing left to give. If it refuses at the times *t₀* and *t₁*, then
//! whatever it can save up was empty at both, and what it served in between is what flowed in:
//!
//! ```text
//! L = A / (t₁ − t₀)
//! ```
//!
//! *A* is the number of requests served, *L* the limit: not an estimate, but a count, exact to one request. It is taken
//! when the server gives again after a refusal, up to the last moment at which it did not: so it is right for servers
//! that count in windows, too, from the end of one to the end of another. Measures that agree are joined into one,
//! of the last [`requests_a_trial`](Builder::requests_a_trial). A cut never goes below [`floor`](Builder::floor) of
//! what was accepted in the last second.
//!
//! **Pass.** From then on the rate passes the limit, again and again, because it may have moved:
//!
//! ```text
//! r(0) = L · (1 − β)        r′ = 2 β L / T + r · k · max(E − D, 0)        E = ∫ (r/L − 1) dτ
//! ```
//!
//! The first half of the time *T* fills the server's bucket, the second half empties it: on average the rate is the
//! limit, and the refusal comes when *E*, what was sent above *L* in seconds of *L*, is zero again. What is not refused
//! then is evidence that the limit has risen, as far as it is more than *D*, what can be explained otherwise.
//!
//! | symbol | meaning | alone | others may be there | stricter |
//! |---|---|---|---|---|
//! | *β* | how far below the limit a pass begins | [`back_off`](Builder::back_off), if *T* is 4 s; less if longer | half of [`contest_back_off`](Builder::contest_back_off) | smaller |
//! | *T* | length of a pass | longer by [`patience`](Builder::patience) each time, until it is the time of [`requests_a_trial`](Builder::requests_a_trial), within [`shortest_trial`](Builder::shortest_trial) and [`longest_trial`](Builder::longest_trial) | such that the rate grows by [`contest_step`](Builder::contest_step) a second, within [`contest_shortest`](Builder::contest_shortest) and [`contest_longest`](Builder::contest_longest) | longer |
//! | *D* | excess that is no evidence | half as much each time, but twice what was refused last, and [`least_doubt`](Builder::least_doubt) | [`doubt`](Builder::doubt) | larger |
//! | *k* | growth for each second of evidence | [`evidence`](Builder::evidence) | the same | smaller |
//! | *τ* | time in the pass while callers waited: nothing grows otherwise | | | |
//!
//! **Contest.** As long as others may use up the same limit, the rate grows by the same step for everybody and is cut by a
//! share of itself at each refusal: who has more loses more, and the shares become equal. One's own share then
//! scatters by several per cent from one refusal to the next, whereas a limit that is used up by one client is the same
//! each time, exactly. So five measures in a row ([`alone_after`](Builder::alone_after)) that agree within 1 % ([`agreement`](Builder::agreement)), one
//! request, and what the moments are blurred by, mean that the client is *alone*. Then passes get longer and flatter, and each of them costs one refusal, or two.
//! A refusal below the known limit, at which the measure does not agree, means that somebody else has come.
//!
//! **Changes.** After a refusal far above *L* (*E* half a second over *D*) the limit is searched anew. When it has fallen
//! to less than 0.6 of itself ([`fallen`](Builder::fallen)), no pass is longer than [`eager_trial`](Builder::eager_trial) for the next 30 s
//! ([`eager_for`](Builder::eager_for)): what fell may rise again.
//!
//! **Shut.** Five refusals in a row ([`shut_after`](Builder::shut_after)), or three of requests that were sent after the cut
//! ([`shut_after_cut`](Builder::shut_after_cut)), mean that the server gives nothing at present, as when it counts in windows and one is used up.
//! A fifth of the rate ([`trickle`](Builder::trickle)) goes on until it gives again.
//!
//! **Outage.** [`outage_after`](Builder::outage_after) failures in a row (5xx without a limit's name), and no more is
//! sent than half of what was accepted in the last second, and at last [`probe_rate`](Builder::probe_rate) probes,
//! fewer if few wait. The first good answer ends it: back to what was carried before, or
//! to the first rate if that was next to nothing, and on with
//! [`return_doubling`](Builder::return_doubling). Single failures never slow anybody down.
//!
//! # When the limit is not a rate
//!
//! `DownloadTrafficRateLimitExceeded` is about bytes, `ActiveRequestLimitExceeded` about requests at a time. A request
//! rate is a proxy for either. It works as long as the requests of one second are like those of the next: the limit
//! that is found is the bandwidth divided by the mean size, or the number at a time divided by the mean duration. It
//! lags when that changes. The simulation `examples/throttle.rs` shows both: with sizes that vary by a factor of twenty,
//! 0.99 of the bandwidth is used and 0.3 % refused; with durations that vary by a factor of three, 0.83 of the places
//! and 0.3 %. A client with few large requests should bound what is in flight itself, with tower's `ConcurrencyLimit`
//! outside this layer.
//!
//! # What a caller sees
//!
//! A call takes longer. It fails with [`Error::NotSent`](crate::Error::NotSent) only if its turn cannot come before
//! its [`Deadline`](crate::Deadline) or within [`max_wait`](Builder::max_wait), or if
//! [`max_waiting`](Builder::max_waiting) callers wait already: at once if that is clear at once, and when the time is
//! over otherwise. The error's source is the last error of the same call, if it was repeated.
//!
//! # Sources
//!
//! - Google, *Site Reliability Engineering*, chapter 21, *Handling Overload*: client-side throttling, and why what was
//!   accepted is the measure.
//! - V. Jacobson, *Congestion Avoidance and Control*, 1988: slow start, and a limit that is found by passing it.
//! - D. Chiu and R. Jain, *Analysis of the Increase and Decrease Algorithms*, 1989: why equal steps and proportional cuts
//!   make shares equal.
//! - S. Ha, I. Rhee, L. Xu, *CUBIC*, 2008: slow near the known limit, fast beyond it.

mod builder;
mod calm;
mod course;
mod future;
mod gauge;
mod handle;
mod known;
mod layer;
mod limiter;
mod measure;
mod outage;
mod queue;
mod rate;
mod recent;
mod service;
mod settings;
mod shared;
mod shut;
#[cfg(test)]
mod tests;

pub use self::{
    builder::{Builder, InvalidSetting},
    future::ResponseFuture,
    handle::ThrottleHandle,
    layer::ThrottleLayer,
    service::Throttle,
};
