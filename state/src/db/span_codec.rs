//! Compact storage of spans: variable-length numbers, relative to the row's own line.
//!
//! Most items are one line, so most blobs are two or three bytes.

use crate::error::{StateError, StateResult};
use crate::rows::Span;

/// Encodes spans relative to `base_offset`.
pub(super) fn encode(base_offset: u64, spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::with_capacity(spans.len() * 4);
    let mut previous = base_offset;
    for span in spans {
        let delta = span.offset.wrapping_sub(previous).cast_signed();
        put(&mut out, zigzag(delta));
        put(&mut out, u64::from(span.len));
        previous = span.offset;
    }
    out
}

/// Decodes what [`encode`] made.
pub(super) fn decode(base_offset: u64, mut blob: &[u8]) -> StateResult<Vec<Span>> {
    let mut spans = Vec::new();
    let mut previous = base_offset;
    while !blob.is_empty() {
        let delta = unzigzag(take(&mut blob)?);
        let len = u32::try_from(take(&mut blob)?).map_err(|_| bad("length"))?;
        previous = previous.wrapping_add_signed(delta);
        spans.push(Span { offset: previous, len });
    }
    Ok(spans)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(blob: &mut &[u8]) -> StateResult<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = blob.split_first().ok_or_else(|| bad("truncated"))?;
        *blob = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(bad("number"))
}

fn bad(detail: &str) -> StateError {
    StateError::Value {
        column: "spans",
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decoding_gives_back_what_was_encoded(
            base in 0u64..1 << 50,
            spans in prop::collection::vec((0u64..1 << 50, any::<u32>()), 0..8),
        ) {
            let spans: Vec<Span> = spans.into_iter().map(|(offset, len)| Span { offset, len }).collect();
            prop_assert_eq!(decode(base, &encode(base, &spans)).expect("own encoding"), spans);
        }

        #[test]
        fn arbitrary_blobs_never_panic(blob in prop::collection::vec(any::<u8>(), 0..32)) {
            let _spans = decode(7, &blob);
        }
    }

    #[test]
    fn a_single_line_item_takes_three_bytes() {
        assert_eq!(
            encode(
                123_456_789,
                &[Span {
                    offset: 123_456_789,
                    len: 1_200
                }]
            )
            .len(),
            3
        );
    }
}
