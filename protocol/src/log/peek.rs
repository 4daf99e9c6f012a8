//! A prefix classifier that may only be used to *reject* lines (design 5, catch-up).
//!
//! Understands exactly the key order that Codex and we write. Looks at the first bytes only, so
//! it says nothing about whether the rest of the line is valid.

/// Longest prefix that [`peek`] looks at.
pub const PEEK_BYTES: usize = 200;

/// What the first bytes of a line claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peek<'a> {
    /// Time of writing.
    pub timestamp: &'a str,
    /// Ordinal, if the line claims one.
    pub ordinal: Option<u64>,
    /// Record kind.
    pub kind: &'a str,
    /// The payload's `type`, when it is the payload's first member.
    pub payload_tag: Option<&'a str>,
}

/// Classifies a line by its first bytes; `None` at any surprise.
#[must_use]
pub fn peek(bytes: &[u8]) -> Option<Peek<'_>> {
    let mut rest = &bytes[..bytes.len().min(PEEK_BYTES)];
    eat(&mut rest, b"{\"timestamp\":\"")?;
    let timestamp = plain_text(&mut rest)?;
    eat(&mut rest, b",\"")?;
    let ordinal = if eat(&mut rest, b"ordinal\":").is_some() {
        let ordinal = number(&mut rest)?;
        eat(&mut rest, b",\"")?;
        Some(ordinal)
    } else {
        None
    };
    eat(&mut rest, b"type\":\"")?;
    let kind = plain_text(&mut rest)?;
    eat(&mut rest, b",\"payload\":{")?;
    let payload_tag = match eat(&mut rest, b"\"type\":\"") {
        Some(()) => Some(plain_text(&mut rest)?),
        None => None,
    };
    Some(Peek {
        timestamp,
        ordinal,
        kind,
        payload_tag,
    })
}

fn eat(rest: &mut &[u8], expected: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(expected)?;
    Some(())
}

/// Reads up to the closing quote; escapes, control and non-ASCII bytes are surprises.
fn plain_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(|&byte| byte == b'"')?;
    let (text, tail) = rest.split_at(end);
    if text.iter().any(|&byte| byte == b'\\' || !(0x20..0x7f).contains(&byte)) {
        return None;
    }
    *rest = &tail[1..];
    std::str::from_utf8(text).ok()
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, tail) = rest.split_at(end);
    // JSON forbids leading zeros, and `1.5` or `1e3` stops at a byte that is no comma.
    if digits.len() > 1 && digits[0] == b'0' {
        return None;
    }
    *rest = tail;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
