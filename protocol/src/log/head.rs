//! The envelope of one line, borrowed from its bytes (format 2.1).
//!
//! One pass; the payload stays raw. Does not know any payload.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::error::LineError;
use super::text_field::Text;

/// The members of a line's envelope.
#[derive(Debug, Clone)]
pub struct LineHead<'a> {
    /// Time of writing as text; any string is accepted.
    pub timestamp: Option<Cow<'a, str>>,
    /// Ordinal; `null` reads as absent.
    pub ordinal: Option<u64>,
    /// Record kind.
    pub kind: Cow<'a, str>,
    /// Record payload, not yet decoded.
    pub payload: &'a RawValue,
    /// Metadata beside a response item.
    pub metadata: Option<&'a RawValue>,
}

impl<'a> LineHead<'a> {
    /// Parses the envelope of one line, with or without its newline.
    ///
    /// Key order and unknown keys are irrelevant; of a repeated key the last one counts, as in
    /// any generic JSON value.
    ///
    /// # Errors
    /// `NotUtf8`, `NotJson`, `NotAnObject`, `Missing` for `type` or `payload`, `Shape` for a
    /// member of the wrong type.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LineError> {
        let text = std::str::from_utf8(bytes).map_err(|source| LineError::NotUtf8 { source })?;
        let members: Members<'a> = parse_object(text, "envelope")?;
        Ok(Self {
            timestamp: members.timestamp,
            ordinal: members.ordinal,
            kind: members.kind.ok_or(LineError::Missing("type"))?,
            payload: members.payload.ok_or(LineError::Missing("payload"))?,
            metadata: members.metadata,
        })
    }
}

/// Parses a text that must be a JSON object into `T`, telling syntax from shape errors.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(text: &'a str, kind: &str) -> Result<T, LineError> {
    if is_object(text) {
        return serde_json::from_str(text).map_err(|source| match source.classify() {
            // A wrong shape ends the parsing: only the rest tells whether this is JSON at all.
            Category::Data => match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => LineError::Shape {
                    kind: kind.to_owned(),
                    source,
                },
                Err(source) => LineError::NotJson { source },
            },
            Category::Io | Category::Syntax | Category::Eof => LineError::NotJson { source },
        });
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Err(LineError::NotAnObject),
        Err(source) => Err(LineError::NotJson { source }),
    }
}

/// Tells whether a JSON text begins like an object. Serde structs also accept arrays; a log
/// record must not.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{')
}

/// Returns the `type` member of a payload, if it is an object and has a text there.
///
/// Writers put the tag first: then only the first bytes are looked at, and of a repeated tag the
/// first one counts.
#[must_use]
pub fn payload_tag(payload: &RawValue) -> Option<Cow<'_, str>> {
    leading_tag(payload.get())
        .map(Cow::Borrowed)
        .or_else(|| member_text(payload, "type"))
}

fn leading_tag(text: &str) -> Option<&str> {
    let (tag, _) = text.strip_prefix("{\"type\":\"")?.split_once('"')?;
    (!tag.contains('\\')).then_some(tag)
}

/// Returns a text member of a raw object.
pub(crate) fn member_text<'a>(raw: &'a RawValue, name: &'static str) -> Option<Cow<'a, str>> {
    if !is_object(raw.get()) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    // The raw value is valid JSON already, so the only errors left are "not a text" ones, which
    // mean the same as absence to callers.
    deserializer.deserialize_map(MemberText { name }).ok().flatten()
}

struct MemberText {
    name: &'static str,
}

impl<'de> Visitor<'de> for MemberText {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            if key == self.name {
                found = Some(map.next_value::<Text<'de>>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[derive(Default)]
struct Members<'a> {
    timestamp: Option<Cow<'a, str>>,
    ordinal: Option<u64>,
    kind: Option<Cow<'a, str>>,
    payload: Option<&'a RawValue>,
    metadata: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rollout line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            match key.as_ref() {
                "timestamp" => {
                    members.timestamp = map.next_value::<Option<Text<'de>>>()?.map(|text| text.0);
                }
                "ordinal" => members.ordinal = map.next_value()?,
                "type" => members.kind = Some(map.next_value::<Text<'de>>()?.0),
                "payload" => members.payload = Some(object_value(&mut map)?),
                "metadata" => members.metadata = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

fn object_value<'de, A: MapAccess<'de>>(map: &mut A) -> Result<&'de RawValue, A::Error> {
    let raw: &'de RawValue = map.next_value()?;
    if is_object(raw.get()) {
        Ok(raw)
    } else {
        Err(de::Error::custom("payload is not an object"))
    }
}
