//! Times as people write them in queries.
//!
//! Pure; the present is handed in. Days, months and years begin in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Reads a time: `2026-03-31`, `2026-03`, `2026`, RFC 3339, `today`, `yesterday`, or how long ago (`12h`, `7d`, `2w`, `3mo`, `1y`).
///
/// Returns Unix milliseconds; of a day, month or year its beginning.
pub(super) fn time_ms(text: &str, now_ms: i64) -> Option<i64> {
    let now = Timestamp::from_millisecond(now_ms).ok()?;
    let today = || now.to_zoned(TimeZone::UTC).date();
    match text.to_ascii_lowercase().as_str() {
        "today" => return start_ms(today()),
        "yesterday" => return start_ms(today().yesterday().ok()?),
        text => {
            if let Some(ago) = ago_ms(text, now) {
                return Some(ago);
            }
        }
    }
    let fields: Vec<&str> = text.split('-').collect();
    let number = |index: usize, len: usize| {
        let field = fields.get(index)?;
        let is_number = field.len() == len && field.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| field.parse::<i16>().ok()).flatten()
    };
    let day = match fields.len() {
        1 => Some((number(0, 4)?, 1, 1)),
        2 => Some((number(0, 4)?, number(1, 2)?, 1)),
        3 => number(0, 4)
            .zip(number(1, 2))
            .zip(number(2, 2))
            .map(|((year, month), day)| (year, month, day)),
        _ => None,
    };
    match day {
        Some((year, month, day)) => {
            let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
            start_ms(date.ok()?)
        }
        None => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    }
}

fn start_ms(date: Date) -> Option<i64> {
    let start = date.to_zoned(TimeZone::UTC).ok()?;
    Some(start.timestamp().as_millisecond())
}

/// Reads how long ago; months and years are those of the calendar.
fn ago_ms(text: &str, now: Timestamp) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let span = match unit {
        "h" => Span::new().try_hours(number),
        "d" => Span::new().try_days(number),
        "w" => Span::new().try_weeks(number),
        "mo" => Span::new().try_months(number),
        "y" => Span::new().try_years(number),
        _ => return None,
    };
    let then = now.to_zoned(TimeZone::UTC).checked_sub(span.ok()?).ok()?;
    Some(then.timestamp().as_millisecond())
}

#[cfg(test)]
#[path = "when_tests.rs"]
mod when_tests;
