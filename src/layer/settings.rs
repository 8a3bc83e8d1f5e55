//! The settings of the layer, with their defaults.

use std::{fmt, sync::Arc};

use http::Response;

use super::{ClassifyResponse, ErrorEvent, OssRule, RequestInfo, limits::Limits};
use crate::clock::ClockOffset;

/// The settings of one layer, shared by its clones and its services.
///
/// `None` means the defaults: then no reference count changes per request.
#[derive(Clone, Default)]
pub(super) struct SharedSettings(Option<Arc<OssErrorSettings>>);

#[derive(Clone, Default)]
pub(super) struct OssErrorSettings {
    pub(super) limits: Limits,
    pub(super) redirects: bool,
    pub(super) rule: Option<Arc<dyn ClassifyResponse>>,
    pub(super) clock: Option<ClockOffset>,
    pub(super) on_error: Option<Arc<OnError>>,
}

type OnError = dyn Fn(&ErrorEvent<'_>) + Send + Sync;

impl SharedSettings {
    /// Changes the settings of this clone only.
    pub(super) fn to_mut(&mut self) -> &mut OssErrorSettings {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    #[inline]
    pub(super) fn is_error<B>(&self, request: RequestInfo, response: &Response<B>) -> bool {
        let (status, headers) = (response.status(), response.headers());
        let Some(settings) = &self.0 else { return OssRule.is_error(request, status, headers) };
        let rule = settings.rule.as_deref().unwrap_or(&OssRule);
        settings.redirects && status.is_redirection() || rule.is_error(request, status, headers)
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.as_ref().map_or(Limits::DEFAULT, |settings| settings.limits)
    }

    pub(super) fn clock(&self) -> Option<&ClockOffset> {
        self.0.as_ref()?.clock.as_ref()
    }

    pub(super) fn on_error(&self) -> Option<&OnError> {
        self.0.as_ref()?.on_error.as_deref()
    }
}

impl fmt::Debug for SharedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(settings) => settings.fmt(f),
            None => OssErrorSettings::default().fmt(f),
        }
    }
}

impl fmt::Debug for OssErrorSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssErrorSettings")
            .field("limits", &self.limits)
            .field("redirects", &self.redirects)
            .field("own_rule", &self.rule.is_some())
            .field("clock", &self.clock)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::OssErrorLayer;

    #[test]
    fn the_default_layer_prints_its_limits() {
        let default = format!("{:?}", OssErrorLayer::new());
        assert!(default.contains("keep: 65536"), "{default}");
        assert_eq!(format!("{:?}", OssErrorLayer::new().body_limit(64 * 1024)), default);
    }
}
