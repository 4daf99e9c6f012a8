//! Tests of stored metadata.

use proptest::prelude::*;

use super::{decode, encode};
use crate::projector::{HeaderMeta, RolloutMeta, ShortText};
use crate::rows::Span;

fn short_text() -> impl Strategy<Value = ShortText> {
    let line = proptest::option::of((0..u64::MAX / 2, any::<u32>()).prop_map(|(offset, len)| Span { offset, len }));
    // Few different texts, so that neighbours are often equal.
    (prop_oneof!["", "a", "a\nb"], any::<bool>(), line).prop_map(|(text, cut, line)| ShortText { text, cut, line })
}

fn meta() -> impl Strategy<Value = RolloutMeta> {
    let words = || proptest::option::of("[a-z\"\\\\]{0,4}");
    let texts = (short_text(), short_text(), short_text(), short_text());
    (
        texts,
        words(),
        words(),
        any::<bool>(),
        proptest::option::of(any::<i64>()),
    )
        .prop_map(
            |((first_user, title, preview, raw_preview), cwd, sha, header_seen, recency_at_ms)| RolloutMeta {
                header: HeaderMeta {
                    git_sha: sha,
                    created_at_ms: recency_at_ms,
                    ..HeaderMeta::default()
                },
                header_seen,
                cwd: cwd.clone(),
                model_provider: cwd,
                recency_at_ms,
                first_user,
                title,
                preview,
                raw_preview,
                ..RolloutMeta::default()
            },
        )
}

proptest! {
    #[test]
    fn prop_what_is_stored_is_read_back(meta in meta()) {
        let json = encode(&meta).expect("metadata is JSON");
        prop_assert_eq!(decode(&json).expect("it was just written"), meta);
    }
}

#[test]
fn a_text_is_stored_once_and_absent_fields_not_at_all() {
    let text = ShortText::new("say this once", Span { offset: 7, len: 20 });
    let meta = RolloutMeta {
        first_user: text.clone(),
        title: text.clone(),
        preview: text.clone(),
        raw_preview: text,
        ..RolloutMeta::default()
    };
    let json = encode(&meta).expect("metadata is JSON");
    assert_eq!(json.matches("say this once").count(), 1);
    assert!(!json.contains("null,\"") && !json.contains("cwd"), "{json}");
}
