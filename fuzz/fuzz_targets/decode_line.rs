//! Any bytes as one rollout line: decoding never panics, a decoded line is passed on unchanged, and what a line means
//! survives being written anew.
#![no_main]

use codex_protocol::log::{BareLine, RolloutLine, peek};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Files are split at newlines before anything is decoded.
    if data.contains(&b'\n') {
        return;
    }
    let _ = peek(data);
    let _ = BareLine::decode(data);
    let Ok(line) = RolloutLine::decode(data) else { return };
    assert_eq!(line.encode(), data, "a decoded line keeps its bytes");
    let anew = RolloutLine::new(line.timestamp.clone(), line.ordinal, line.item.clone()).encode();
    let again = RolloutLine::decode(&anew).expect("a line that was written can be read");
    assert_eq!(
        (again.timestamp, again.ordinal, again.item),
        (line.timestamp, line.ordinal, line.item)
    );
});
