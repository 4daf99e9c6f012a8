//! A JSON string that is borrowed from the line where it has no escapes.
//!
//! Exists because serde borrows a bare `Cow` field but copies inside `Option<Cow>`.

use std::borrow::Cow;

use serde::Deserialize;

/// One JSON string, borrowed when possible.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
