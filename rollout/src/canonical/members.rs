//! The members of one JSON object in their order, for small edits that leave everything else as written.
//!
//! Does not interpret any value.

use std::fmt;

use codex_protocol::log::RawJson;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An object as its members.
pub(super) struct Members(Vec<(String, RawJson)>);

impl Members {
    /// Reads an object; `None` for anything else.
    pub(super) fn of(json: &RawJson) -> Option<Self> {
        // Any other JSON value has no members.
        json.parse().ok()
    }

    /// Makes an object without members.
    pub(super) fn empty() -> Self {
        Self(Vec::new())
    }

    /// Returns a member; of a repeated one the last, as readers do.
    pub(super) fn get(&self, name: &str) -> Option<&RawJson> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Replaces a member, or puts it behind the member `after`, or at the end.
    pub(super) fn set(&mut self, name: &str, value: RawJson, after: Option<&str>) {
        if let Some((_, slot)) = self.0.iter_mut().rev().find(|(key, _)| key == name) {
            *slot = value;
            return;
        }
        let behind = |after: &str| self.0.iter().position(|(key, _)| key == after).map(|at| at + 1);
        let at = after.and_then(behind).unwrap_or(self.0.len());
        self.0.insert(at, (name.to_owned(), value));
    }

    /// Returns the object as JSON.
    pub(super) fn to_json(&self) -> RawJson {
        RawJson::of(self).expect("members have text keys and raw values")
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = map.next_entry()? {
            members.push(entry);
        }
        Ok(Members(members))
    }
}
