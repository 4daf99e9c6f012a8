//! How much of a preview is kept.

use super::{MAX_ORIGIN_PREVIEW_BYTES, beginning_of};

#[test]
fn previews_of_forks_are_kept_up_to_their_limit_and_cut_between_characters() {
    let fits = "x".repeat(MAX_ORIGIN_PREVIEW_BYTES);
    assert_eq!(beginning_of(&fits), fits);
    assert_eq!(beginning_of(&format!("{fits}y")), fits);
    let wide = format!("{}\u{e4}y", &fits[1..]);
    assert_eq!(beginning_of(&wide), &fits[1..]);
    assert_eq!(beginning_of(""), "");
}
