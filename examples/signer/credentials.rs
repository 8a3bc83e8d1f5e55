use std::{
    env, fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::sync::Mutex;
use tower_oss::{
    ErrorCode,
    error::BoxError,
    retry::{Failure, Verdict},
};

/// An AccessKey pair, with a token if it is temporary (STS).
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    /// OSS no longer accepts them.
    stale: AtomicBool,
    /// OSS has accepted them, or has not seen them yet.
    accepted: AtomicBool,
}

impl Keys {
    pub(crate) fn new(id: impl Into<String>, secret: impl Into<String>, token: Option<String>) -> Self {
        let (stale, accepted) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { id: id.into(), secret: secret.into(), token, stale, accepted }
    }

    /// From `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and, if there is one, `OSS_SESSION_TOKEN`.
    pub(crate) fn from_env() -> Result<Self, BoxError> {
        let variable = |name| env::var(name).map_err(|_| format!("no credentials: {name} is not set"));
        let token = env::var("OSS_SESSION_TOKEN").ok();
        Ok(Self::new(variable("OSS_ACCESS_KEY_ID")?, variable("OSS_ACCESS_KEY_SECRET")?, token))
    }

    pub(crate) fn note_accepted(&self) {
        self.accepted.store(true, Relaxed);
    }

    /// Marks them to be fetched again before the next use. Returns whether that can help: not if
    /// they were just fetched, and OSS has never accepted them.
    fn expire(&self) -> bool {
        self.stale.store(true, Relaxed);
        self.accepted.load(Relaxed)
    }
}

/// Never shows the values.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

type Fetching = Pin<Box<dyn Future<Output = Result<Keys, BoxError>> + Send>>;

/// A handle to credentials that all clones share. They are fetched before the first use, and again
/// after OSS has reported that they have expired.
#[derive(Clone)]
pub(crate) struct Credentials {
    fetch: Arc<dyn Fn() -> Fetching + Send + Sync>,
    keys: Arc<Mutex<Option<Arc<Keys>>>>,
}

impl Credentials {
    /// In an application, `fetch` calls STS or the metadata service, or reads a file that is kept
    /// up to date.
    pub(crate) fn new<F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Keys, BoxError>> + Send + 'static,
    {
        Self { fetch: Arc::new(move || Box::pin(fetch())), keys: Arc::default() }
    }

    /// The keys to sign with. The lock is held while they are fetched, so that concurrent calls
    /// fetch once.
    pub(crate) async fn keys(&self) -> Result<Arc<Keys>, BoxError> {
        let mut slot = self.keys.lock().await;
        match &*slot {
            Some(keys) if !keys.stale.load(Relaxed) => Ok(keys.clone()),
            before => {
                let keys = (self.fetch)().await?;
                if before.is_none() {
                    keys.note_accepted(); // they may have expired before this program started
                }
                Ok(slot.insert(Arc::new(keys)).clone())
            }
        }
    }
}

/// For [`RetryPolicy::classify`](tower_oss::RetryPolicy::classify): a request with expired
/// credentials did not take effect, and is retried with new ones.
///
/// The signer has added the keys to the extensions of the response. So of a hundred calls that fail
/// together, one fetches and all are retried.
pub(crate) fn refresh(failure: &Failure<'_>, verdict: Verdict) -> Verdict {
    let Some(error) = failure.oss().filter(|error| is_about_credentials(error.code())) else {
        return verdict;
    };
    match error.extensions().get::<Arc<Keys>>() {
        Some(keys) if keys.expire() => Verdict::NotApplied,
        _ => verdict,
    }
}

/// Whether other credentials could help.
pub(crate) fn is_about_credentials(code: &ErrorCode) -> bool {
    use ErrorCode::{InvalidAccessKeyId, InvalidSecurityToken, SecurityTokenExpired};
    matches!(code, SecurityTokenExpired | InvalidAccessKeyId | InvalidSecurityToken)
}
