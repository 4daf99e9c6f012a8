//! Reading of the time texts that occur in rollouts.
//!
//! Pure arithmetic on the proleptic Gregorian calendar; never asks a clock.

/// Returns the unix milliseconds of a time text; `None` for anything else.
///
/// Accepts RFC 3339 (with `Z` or an offset, any number of fraction digits) and the old form
/// `YYYY-MM-DDThh-mm-ss`, which is UTC (format 2.3).
#[must_use]
pub fn rfc3339_to_unix_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || !text.is_ascii() {
        return None;
    }
    let (date, time) = (&bytes[..10], &bytes[11..19]);
    if date[4] != b'-' || date[7] != b'-' || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = days_from_civil(number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?)?;
    let (hour, minute, second) = (number(&time[..2])?, number(&time[3..5])?, number(&time[6..])?);
    // A leap second counts as the first second of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    match (time[2], time[5]) {
        (b':', b':') => {
            let (fraction_ms, zone) = fraction_ms(&text[19..])?;
            Some((seconds - zone_seconds(zone)?) * 1_000 + fraction_ms)
        }
        (b'-', b'-') if bytes.len() == 19 => Some(seconds * 1_000),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, &digit| {
        digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
    })
}

/// Splits `.123456Z` into milliseconds, truncated, and the zone.
fn fraction_ms(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let used = number(&rest.as_bytes()[..digits.min(3)])?;
    let missing = u32::try_from(3 - digits.min(3)).ok()?;
    Some((used * 10_i64.pow(missing), &rest[digits..]))
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let bytes = zone.as_bytes();
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hour, minute) = (number(&bytes[1..3])?, number(&bytes[4..])?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let seconds = hour * 3_600 + minute * 60;
    match bytes[0] {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Days since 1970-01-01, by counting from 1 March of year 0 so that a leap day is a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let leap_days = shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    Some(shifted_year * 365 + leap_days + day_of_year - 719_468)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
