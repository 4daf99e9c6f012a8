//! Which spoilt indexes are kept.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use codex_rollout::fs::StdFs;

use super::{MAX_ASIDE_BYTES, path_aside, set_aside};

#[test]
fn a_spoilt_index_at_the_limit_is_kept_and_a_larger_one_is_deleted() {
    for (bytes, is_kept) in [(MAX_ASIDE_BYTES, true), (MAX_ASIDE_BYTES + 1, false)] {
        let folder = tempfile::tempdir().expect("folder");
        let index = folder.path().join("index.sqlite");
        let file = std::fs::File::create(&index).expect("file");
        file.set_len(bytes).expect("sparse");
        set_aside(&StdFs, &index);
        assert!(!index.exists());
        assert_eq!(path_aside(&index).exists(), is_kept);
    }
}
