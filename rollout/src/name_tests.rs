//! The grammar of rollout file names.

use codex_protocol::ids::{RolloutId, ThreadId};
use proptest::prelude::*;

use super::{RolloutName, logical_name, looks_like_rollout, weak_rollout_id};

const THREAD: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";
const ROLLOUT: &str = "01a20236-0df7-73b0-9076-184986bf2d16";

fn check(file_name: &str, expected: Option<(&str, &str, &str)>) {
    let expected = expected.map(|(timestamp, thread, rollout)| RolloutName {
        timestamp: timestamp.to_owned(),
        thread_id: thread.parse().unwrap(),
        rollout_id: rollout.parse().unwrap(),
    });
    assert_eq!(RolloutName::parse(file_name), expected, "{file_name}");
}

/// Edge case 1.
#[test]
fn edge_001_one_id_and_two_ids_parse_and_render_to_themselves() {
    for name in [
        format!("rollout-2026-11-22T07-43-16-{THREAD}.jsonl"),
        format!("rollout-2026-11-22T07-43-16-{THREAD}_{ROLLOUT}.jsonl"),
    ] {
        assert_eq!(RolloutName::parse(&name).unwrap().render(), name);
    }
}

#[test]
fn a_single_id_names_thread_and_rollout() {
    check(
        &format!("rollout-2026-11-22T07-43-16-{THREAD}.jsonl"),
        Some(("2026-11-22T07-43-16", THREAD, THREAD)),
    );
}

#[test]
fn zst_is_stripped_first() {
    let name = format!("rollout-2026-11-22T07-43-16-{THREAD}_{ROLLOUT}.jsonl.zst");
    check(&name, Some(("2026-11-22T07-43-16", THREAD, ROLLOUT)));
    assert_eq!(logical_name(&name), name.trim_end_matches(".zst"));
}

#[test]
fn names_that_bend_the_grammar_are_not_canonical() {
    for bad in [
        format!("rollout-2026-13-22T07-43-16-{THREAD}.jsonl"),
        format!("rollout-2026-02-30T07-43-16-{THREAD}.jsonl"),
        format!("rollout-2026-11-22T24-43-16-{THREAD}.jsonl"),
        format!("rollout-2026-11-22 07-43-16-{THREAD}.jsonl"),
        format!("rollout-+026-11-22T07-43-16-{THREAD}.jsonl"),
        format!("rollout-2026-11-22T07-43-16-{}.jsonl", THREAD.replace('-', "")),
        format!("rollout-2026-11-22T07-43-16-{{{THREAD}}}.jsonl"),
        format!("rollout-2026-11-22T07-43-16-{THREAD}_.jsonl"),
        format!("rollout-2026-11-22T07-43-16-{THREAD}_{ROLLOUT}_{ROLLOUT}.jsonl"),
        format!("rollout-2026-11-22T07-43-16{THREAD}.jsonl"),
        format!("rollout-2026-11-22T07-43-16-{THREAD}.json"),
        format!("rollout-2026-11-22T07-43-16-{THREAD}.jsonl.tmp"),
        format!("Rollout-2026-11-22T07-43-16-{THREAD}.jsonl"),
        "rollout-é026-11-22T07-43-16.jsonl".to_owned(),
        String::new(),
    ] {
        check(&bad, None);
    }
}

#[test]
fn weak_test_takes_any_text_between_prefix_and_suffix() {
    for (name, expected) in [
        ("rollout-x.jsonl", true),
        ("rollout-x.jsonl.zst", true),
        ("rollout-.jsonl", true),
        ("rollout.jsonl", false),
        ("xrollout-x.jsonl", false),
        ("rollout-x.jsonl.tmp", false),
        (".rollout-x.jsonl.paginated.tmp", false),
        ("rollout-x.jsonl.decompress.12.3.tmp", false),
        ("rollout-x.json", false),
    ] {
        assert_eq!(looks_like_rollout(name), expected, "{name}");
    }
}

#[test]
fn weak_names_give_the_id_that_they_end_with() {
    let id = |text: &str| Some(RolloutId(text.parse().unwrap()));
    assert_eq!(
        weak_rollout_id(&format!("rollout-copy of it-{THREAD}.jsonl")),
        id(THREAD)
    );
    assert_eq!(
        weak_rollout_id(&format!("rollout-x-{THREAD}_{ROLLOUT}.jsonl.zst")),
        id(ROLLOUT)
    );
    assert_eq!(weak_rollout_id(&format!("rollout-{THREAD}.jsonl")), id(THREAD));
    assert_eq!(weak_rollout_id(&format!("rollout-x{THREAD}.jsonl")), None);
    assert_eq!(weak_rollout_id(&format!("rollout-{THREAD}-copy.jsonl")), None);
    assert_eq!(weak_rollout_id("rollout-ééééééééééééééééééééééééé.jsonl"), None);
}

#[test]
fn time_in_the_name_reads_as_utc() {
    let name = RolloutName::parse(&format!("rollout-2026-11-22T07-43-16-{THREAD}.jsonl")).unwrap();
    assert_eq!(name.time_utc_ms(), Some(1_795_333_396_000));
}

proptest! {
    #[test]
    fn any_rendered_name_parses_to_itself(
        year in 1970_u32..2200, month in 1_u32..=12, day in 1_u32..=28, second in 0_u32..86_400,
        thread: u128, rollout: u128,
    ) {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let name = RolloutName {
            timestamp: format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}"),
            thread_id: ThreadId(uuid::Uuid::from_u128(thread)),
            rollout_id: RolloutId(uuid::Uuid::from_u128(rollout)),
        };
        prop_assert_eq!(RolloutName::parse(&name.render()), Some(name.clone()));
        prop_assert_eq!(RolloutName::parse(&format!("{}.zst", name.render())), Some(name));
    }

    #[test]
    fn no_text_makes_the_name_functions_panic(text in "\\PC{0,80}") {
        let _ = (RolloutName::parse(&text), weak_rollout_id(&text), looks_like_rollout(&text));
        let wrapped = format!("rollout-{text}.jsonl");
        let _ = (RolloutName::parse(&wrapped), weak_rollout_id(&wrapped));
    }
}
