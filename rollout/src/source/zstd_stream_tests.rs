//! The window of a frame, at the limit and beyond it.

use std::sync::Arc;

use super::{MAX_WINDOW_LOG, ZstdStream};
use crate::test_files::MemFile;

/// A frame of one uncompressed block, whose header asks for a window of `2^log * (1 + eighths / 8)` bytes (RFC 8878, 3.1.1).
fn frame(log: u32, eighths: u8, content: &[u8]) -> Vec<u8> {
    let window = ((log - 10) as u8) << 3 | eighths;
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    let last_raw_block = 1 | (content.len() as u32) << 3;
    bytes.extend(&last_raw_block.to_le_bytes()[..3]);
    bytes.extend(content);
    bytes
}

fn decoded(frame: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let stored_len = frame.len() as u64;
    let mut stream = ZstdStream::new(Arc::new(MemFile(frame)), stored_len)?;
    let mut plain = [0; 16];
    let len = stream.fill(&mut plain)?;
    Ok(plain[..len].to_vec())
}

#[test]
fn a_frame_with_the_largest_window_is_decoded_and_one_with_a_larger_window_is_an_error_that_says_so() {
    for log in [10, 21, MAX_WINDOW_LOG] {
        assert_eq!(decoded(frame(log, 0, b"{\"a\":1}\n")).expect("fits"), b"{\"a\":1}\n");
    }
    for (log, eighths) in [(MAX_WINDOW_LOG, 1), (MAX_WINDOW_LOG + 1, 0), (31, 7)] {
        let error = decoded(frame(log, eighths, b"{\"a\":1}\n")).expect_err("too large");
        assert_eq!(error.to_string(), "a frame needs a window of more than 128 MiB");
    }
}

#[test]
fn a_larger_window_in_a_second_frame_is_an_error_after_the_first_one_was_delivered() {
    let mut bytes = frame(21, 0, b"ab");
    bytes.extend(frame(MAX_WINDOW_LOG + 1, 0, b"cd"));
    let stored_len = bytes.len() as u64;
    let mut stream = ZstdStream::new(Arc::new(MemFile(bytes)), stored_len).expect("a decoder");
    let mut plain = [0; 2];
    assert_eq!(stream.fill(&mut plain).expect("the first frame"), 2);
    assert_eq!(&plain, b"ab");
    assert!(stream.fill(&mut plain).is_err());
}
