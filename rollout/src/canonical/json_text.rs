//! Makes the JSON text of a payload fit to stand in one line.
//!
//! Looks at the text only: white space between tokens goes (a newline would cut the line in two), lone surrogate
//! escapes and nesting that readers cannot follow are faults. Does not know any payload.

use codex_protocol::log::RawJson;

/// Deepest nesting of a payload; readers of JSON stop at 128, the envelope included.
pub(super) const MAX_NESTING: usize = 120;

/// The text would damage the log, or not be readable in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonTextFault {
    /// A `\u` escape names half a character.
    #[error("invalid utf-16 escape at byte {at}")]
    LoneSurrogate {
        /// Position in the text.
        at: usize,
    },
    /// Arrays and objects are nested too deep.
    #[error("nested deeper than {MAX_NESTING}")]
    TooDeep,
}

/// Returns the value on one line without white space between its tokens.
pub(super) fn one_line(json: &RawJson) -> Result<RawJson, JsonTextFault> {
    let text = json.get();
    let spaces = scan(text.as_bytes())?;
    if spaces.is_empty() {
        return Ok(json.clone());
    }
    let mut compact = String::with_capacity(text.len());
    let mut from = 0;
    for at in spaces {
        compact.push_str(&text[from..at]);
        from = at + 1;
    }
    compact.push_str(&text[from..]);
    Ok(RawJson::from_text(compact).expect("JSON without the white space between its tokens is JSON"))
}

/// Checks the text; returns where white space stands between tokens.
fn scan(bytes: &[u8]) -> Result<Vec<usize>, JsonTextFault> {
    let mut spaces = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at + 1)?;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => spaces.push(at),
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Err(JsonTextFault::TooDeep);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(spaces)
}

/// Returns the position behind the string that `at` is in.
fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, JsonTextFault> {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        match unit(bytes, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => return Err(JsonTextFault::LoneSurrogate { at }),
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    Ok(bytes.len())
}

/// Returns the number of the `\u` escape at this position, if there is one.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    // Four bytes that are no hexadecimal digits are no escape.
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
