//! Time as the stores see it: handed in, so that tests decide what time it is.
//!
//! The only reader of the system clock in this crate.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

/// Source of time.
#[derive(Clone)]
pub struct Clock {
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    zone: Option<TimeZone>,
}

impl Clock {
    /// Reads the system clock.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        let now_ms = Arc::new(|| jiff::Timestamp::now().as_millisecond());
        Self {
            now_ms,
            zone: Some(TimeZone::system()),
        }
    }

    /// Uses `now_ms`, which returns Unix milliseconds.
    pub fn from_fn(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            now_ms: Arc::new(now_ms),
            zone: None,
        }
    }

    /// Returns how far local time is ahead of UTC at a moment; clocks of tests are in UTC.
    pub fn utc_offset_seconds(&self, unix_ms: i64) -> i32 {
        let Some(zone) = &self.zone else { return 0 };
        let moment = jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default();
        zone.to_offset(moment).seconds()
    }

    /// Returns the time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        (self.now_ms)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
