//! Tests of `filter.rs`.

use super::{RowClass, normalise_cwd};
use crate::threads::sample::row;
use crate::threads::{CutText, SourceKind, ThreadRow};

fn check_cwd(cwd: &str, expected: &str) {
    assert_eq!(normalise_cwd(cwd), expected, "{cwd}");
}

#[test]
fn directories_are_compared_without_trailing_slashes_and_dots() {
    check_cwd("/home/user/two/", "/home/user/two");
    check_cwd("/home//user/./two", "/home/user/two");
    check_cwd("/home/user/x/../two", "/home/user/two");
    check_cwd("/", "/");
    check_cwd("/..", "/");
    check_cwd("", "");
    check_cwd("fx/", "fx");
    check_cwd("../fx", "../fx");
    check_cwd("../../fx", "../../fx");
    check_cwd("C:\\Users\\x", "C:\\Users\\x");
}

#[test]
fn a_class_survives_being_stored() {
    for bits in 0..64 {
        for source in SourceKind::ALL {
            let class = RowClass {
                archived: bits & 1 != 0,
                unpreviewed: bits & 2 != 0,
                attached: bits & 4 != 0,
                codex_hidden: bits & 8 != 0,
                sectioned: bits & 16 != 0,
                in_project: bits & 32 != 0,
                source,
            };
            assert_eq!(RowClass::from_code(class.code()), Some(class));
        }
    }
    assert_eq!(RowClass::from_code(13 << 6), None);
    assert_eq!(RowClass::from_code(-1), None);
}

#[test]
fn the_class_of_a_row_tells_what_lists_hide() {
    let hidden = ThreadRow {
        archived: true,
        preview: CutText::default(),
        attached_to: Some("x".to_owned()),
        codex_hidden: true,
        project_id: Some("p".to_owned()),
        source: "exec".to_owned(),
        ..row(1)
    };
    let expected = RowClass {
        archived: true,
        unpreviewed: true,
        attached: true,
        codex_hidden: true,
        sectioned: false,
        in_project: true,
        source: SourceKind::Exec,
    };
    assert_eq!(RowClass::of(&hidden), expected);
}
