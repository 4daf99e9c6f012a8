//! Packed values of rows: numbers that take as many bytes as they need, and spans relative to a row's own line.
//!
//! Knows no rows. Whatever the bytes are, reading them ends in a value or an error.

use crate::error::{StateError, StateResult};
use crate::rows::Span;

/// Writes values one after the other.
#[derive(Debug, Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    /// Starts with room for `capacity` bytes.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    /// Returns what was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a number.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Writes how far `value` is from `base`, in either direction.
    pub(super) fn distance(&mut self, base: u64, value: u64) {
        let delta = value.wrapping_sub(base).cast_signed();
        self.number(((delta << 1) ^ (delta >> 63)).cast_unsigned());
    }

    /// Writes a hash, which is as long as it is.
    pub(super) fn hash(&mut self, hash: i64) {
        self.bytes.extend_from_slice(&hash.to_le_bytes());
    }

    /// Writes bytes with their number.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a span relative to `base`.
    pub(super) fn span(&mut self, base: u64, span: Span) {
        self.distance(base, span.offset);
        self.number(u64::from(span.len));
    }

    /// Writes spans with their number, each relative to the one before and the first to `base`.
    pub(super) fn spans(&mut self, base: u64, spans: &[Span]) {
        self.number(spans.len() as u64);
        let mut previous = base;
        for span in spans {
            self.span(previous, *span);
            previous = span.offset;
        }
    }
}

/// Reads what [`Packer`] wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacker<'b> {
    rest: &'b [u8],
    column: &'static str,
}

impl<'b> Unpacker<'b> {
    /// Reads `bytes` of a column.
    pub(super) fn new(column: &'static str, bytes: &'b [u8]) -> Self {
        Self { rest: bytes, column }
    }

    /// Reports bytes that nothing was written as.
    pub(super) fn bad(&self, detail: &str) -> StateError {
        StateError::Value {
            column: self.column,
            detail: detail.to_owned(),
        }
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> StateResult<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or_else(|| self.bad("truncated"))?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.bad("number"))
    }

    /// Reads a number of things that follow.
    pub(super) fn count(&mut self) -> StateResult<usize> {
        let number = self.number()?;
        usize::try_from(number).map_err(|_| self.bad("count"))
    }

    /// Reads what lies at some distance from `base`.
    pub(super) fn distance(&mut self, base: u64) -> StateResult<u64> {
        let value = self.number()?;
        let delta = (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
        Ok(base.wrapping_add_signed(delta))
    }

    /// Reads so many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> StateResult<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.bad("truncated"))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Reads bytes with their number.
    pub(super) fn text(&mut self) -> StateResult<&'b [u8]> {
        let count = self.count()?;
        self.bytes(count)
    }

    /// Reads a span relative to `base`.
    pub(super) fn span(&mut self, base: u64) -> StateResult<Span> {
        let offset = self.distance(base)?;
        let len = u32::try_from(self.number()?).map_err(|_| self.bad("length"))?;
        Ok(Span { offset, len })
    }

    /// Reads spans with their number.
    pub(super) fn spans(&mut self, base: u64) -> StateResult<Vec<Span>> {
        let count = self.count()?;
        // A span takes two bytes at least: a number that lies reserves nothing.
        let mut spans = Vec::with_capacity(count.min(self.rest.len()));
        let mut previous = base;
        for _ in 0..count {
            let span = self.span(previous)?;
            previous = span.offset;
            spans.push(span);
        }
        Ok(spans)
    }

    /// Passes over spans with their number.
    pub(super) fn skip_spans(&mut self) -> StateResult<()> {
        for _ in 0..self.count()? {
            self.span(0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod packed_tests;
