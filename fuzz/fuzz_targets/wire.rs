//! Any bytes as a message, a cursor, a command or a path: nothing panics, and a cursor that is understood says the same
//! when it is written again.
#![no_main]

use std::fmt::Debug;

use codex_protocol::{
    rpc::{
        cursor::{HistoryCursor, LegacyTurnCursor, OccurrenceCursor, TimelineCursor, decode_cursor, encode_cursor},
        envelope::decode_message,
    },
    text::{file_uri_to_path, join_path, normalize_path, redact_secrets, rfc3339_to_unix_ms},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = decode_message(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    cursor::<HistoryCursor>(text);
    cursor::<LegacyTurnCursor>(text);
    cursor::<OccurrenceCursor>(text);
    cursor::<TimelineCursor>(text);
    let redacted = redact_secrets(text);
    assert_eq!(redact_secrets(&redacted), redacted, "what is redacted stays as it is");
    let _ = (
        normalize_path(text),
        file_uri_to_path(text),
        join_path("/home/user", text),
        rfc3339_to_unix_ms(text),
    );
});

fn cursor<C>(text: &str)
where
    C: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug,
{
    let Some(decoded) = decode_cursor::<C>(text) else {
        return;
    };
    assert_eq!(decode_cursor::<C>(&encode_cursor(&decoded)).as_ref(), Some(&decoded));
}
