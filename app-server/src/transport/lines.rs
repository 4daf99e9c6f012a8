//! Splits a byte stream into lines of bounded length (`app-server-api.md` 1.2).
//!
//! Knows no JSON. A line that is too long is skipped without being kept in memory.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// One line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line without its `\n` or `\r\n`; the last one may have had none.
    Text(Vec<u8>),
    /// A line beyond the limit was skipped.
    TooLong {
        /// Its length.
        bytes: u64,
    },
    /// The stream has ended.
    End,
}

/// Reads the next line.
///
/// # Errors
/// Those of the stream.
pub(crate) async fn next_line(reader: &mut (impl AsyncBufRead + Unpin), max_bytes: usize) -> io::Result<Line> {
    let mut text = Vec::new();
    let mut length: u64 = 0;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(if length == 0 {
                Line::End
            } else {
                finish(text, length, max_bytes)
            });
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        length += part.len() as u64;
        if length <= max_bytes as u64 {
            text.extend_from_slice(part);
        } else {
            text = Vec::new();
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(finish(text, length, max_bytes));
        }
    }
}

fn finish(mut text: Vec<u8>, length: u64, max_bytes: usize) -> Line {
    if length > max_bytes as u64 {
        return Line::TooLong { bytes: length };
    }
    if text.last() == Some(&b'\r') {
        text.pop();
    }
    Line::Text(text)
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod lines_tests;
