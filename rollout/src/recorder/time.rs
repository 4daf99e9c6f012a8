//! The times that a writer puts into names and lines. Never asks what time it is.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::error::{WriteError, WriteResult};

/// A moment, and how far local time was from UTC then: file names and folders are in local time (format section 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: i64,
    /// Local time minus UTC.
    pub utc_offset_seconds: i32,
}

impl LocalTime {
    /// A moment on a machine whose local time is UTC.
    pub fn utc(unix_ms: i64) -> Self {
        Self {
            unix_ms,
            utc_offset_seconds: 0,
        }
    }

    /// Returns `YYYY-MM-DDThh-mm-ss`; `None` outside the years that a file name can say.
    pub(super) fn file_time(self) -> Option<String> {
        self.format("%Y-%m-%dT%H-%M-%S")
    }

    /// Returns the year, month and day folders.
    pub(super) fn date_folders(self) -> Option<[String; 3]> {
        Some([self.format("%Y")?, self.format("%m")?, self.format("%d")?])
    }

    fn format(self, form: &str) -> Option<String> {
        let local_ms = self
            .unix_ms
            .checked_add(i64::from(self.utc_offset_seconds).checked_mul(1000)?)?;
        let zoned = Timestamp::from_millisecond(local_ms).ok()?.to_zoned(TimeZone::UTC);
        (0..=9999)
            .contains(&zoned.year())
            .then(|| zoned.strftime(form).to_string())
    }
}

/// Returns the time of a line, `YYYY-MM-DDTHH:MM:SS.mmmZ` (format section 2.1).
///
/// # Errors
/// `TimeOutOfRange` outside the years 0 to 9999.
pub fn line_time(unix_ms: i64) -> WriteResult<String> {
    let out_of_range = WriteError::TimeOutOfRange { unix_ms };
    let Ok(moment) = Timestamp::from_millisecond(unix_ms) else {
        return Err(out_of_range);
    };
    let at = Offset::UTC.to_datetime(moment);
    let Ok(year @ 0..=9999) = u16::try_from(at.year()) else {
        return Err(out_of_range);
    };
    // Digit by digit: a template is read anew for each batch.
    let mut time = String::with_capacity("YYYY-MM-DDTHH:MM:SS.mmmZ".len());
    push_digits(&mut time, year, 4);
    for (before, number) in [
        ('-', at.month()),
        ('-', at.day()),
        ('T', at.hour()),
        (':', at.minute()),
        (':', at.second()),
    ] {
        time.push(before);
        push_digits(&mut time, u16::from(number.unsigned_abs()), 2);
    }
    time.push('.');
    push_digits(&mut time, at.millisecond().unsigned_abs(), 3);
    time.push('Z');
    Ok(time)
}

/// Writes a number with as many digits, zeros first.
fn push_digits(out: &mut String, number: u16, digits: u32) {
    for place in (0..digits).rev() {
        let digit = u32::from(number) / 10_u32.pow(place) % 10;
        out.extend(char::from_digit(digit, 10));
    }
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod time_tests;
