//! The time at which a rate limit starts again, in its two spellings (format 3.2).
//!
//! Very old files wrote RFC 3339 text instead of unix seconds.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A unix second; RFC 3339 text is converted on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ResetsAt(pub i64);

impl<'de> Deserialize<'de> for ResetsAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ResetsAtVisitor)
    }
}

struct ResetsAtVisitor;

impl Visitor<'_> for ResetsAtVisitor {
    type Value = ResetsAt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a unix second or an rfc 3339 time")
    }

    fn visit_i64<E: de::Error>(self, second: i64) -> Result<ResetsAt, E> {
        Ok(ResetsAt(second))
    }

    fn visit_u64<E: de::Error>(self, second: u64) -> Result<ResetsAt, E> {
        i64::try_from(second).map(ResetsAt).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ResetsAt, E> {
        crate::text::rfc3339_to_unix_ms(text)
            .map(|millis| ResetsAt(millis.div_euclid(1000)))
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
