use std::{error::Error as StdError, fmt};

use super::{
    ThrottleLayer,
    settings::{Setting, Settings},
};

/// Sets the numbers of a [`ThrottleLayer`]. The defaults are meant to fit; the
/// [module](crate::throttle) tells what they do together.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_oss::ThrottleLayer;
///
/// let layer = ThrottleLayer::builder().max_rate(2_000.0).max_wait(Duration::from_secs(5)).build()?;
/// # let _ = layer;
///
/// let error = ThrottleLayer::builder().first_rate(f64::NAN).build().unwrap_err();
/// assert_eq!(error.to_string(), "first_rate must be between 0.1 and 1000000, got NaN");
/// # Ok::<(), tower_oss::throttle::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    pub(super) settings: Settings,
}

/// A number that makes no sense for a limiter.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidSetting {
    name: &'static str,
    least: f64,
    most: f64,
    given: f64,
    unit: &'static str,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { settings: Settings::DEFAULT }
    }

    /// The layer, with a limiter of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting`] names the first number that makes no sense: NaN, infinite, zero where that would stop
    /// everything, or beyond all reason.
    pub fn build(self) -> Result<ThrottleLayer, InvalidSetting> {
        let wrong = |setting: &Setting| !(setting.least..=setting.most).contains(&setting.given);
        match self.settings.all().find(wrong) {
            Some(Setting { name, given, least, most, unit }) => {
                Err(InvalidSetting { name, least, most, given, unit })
            }
            None => Ok(ThrottleLayer::with(self.settings)),
        }
    }
}

impl InvalidSetting {
    /// The name of the setter.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, least, most, given, unit } = self;
        write!(f, "{name} must be between {least} and {most}{unit}, got {given}")
    }
}

impl StdError for InvalidSetting {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fault(settings: Settings) -> Option<&'static str> {
        Builder { settings }.build().err().map(|error| error.name())
    }

    #[test]
    fn what_is_within_the_bounds_makes_sense_and_nothing_else() {
        let default = Settings::DEFAULT;
        assert_eq!(fault(default), None);
        for Setting { name, least, most, .. } in default.all() {
            for bound in [least, most] {
                assert_eq!(fault(default.with(name, bound)), None, "{name} {bound}");
            }
            assert_eq!(fault(default.with(name, 2.0 * most)), Some(name));
            if least > 0.0 {
                assert_eq!(fault(default.with(name, least / 2.0)), Some(name));
            }
        }
    }

    #[test]
    fn nonsense_is_named() {
        let rate = |rate| ThrottleLayer::builder().max_rate(rate).build();
        for nonsense in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e300] {
            let error = rate(nonsense).unwrap_err();
            assert_eq!(error.name(), "max_rate");
            assert_eq!(
                error.to_string(),
                format!("max_rate must be between 0.1 and 1000000, got {nonsense}")
            );
        }
        let endless = ThrottleLayer::builder().max_wait(Duration::MAX).build();
        let text = endless.unwrap_err().to_string();
        assert!(text.starts_with("max_wait must be between 0 and 86400 seconds, got 1844"), "{text}");
    }

    #[test]
    fn the_highest_rate_holds_from_the_beginning() {
        let layer = ThrottleLayer::builder().max_rate(100.0).build().unwrap();
        assert_eq!(layer.handle().rate(), 100.0);
    }
}
